"""Flows for assets and steps, with local definitions or definitions on the platform."""
