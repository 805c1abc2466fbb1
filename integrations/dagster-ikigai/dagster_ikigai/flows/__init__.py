"""Flows as assets and steps need them, wherever their definitions are kept."""
