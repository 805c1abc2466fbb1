"""Sensors for the platform's runs, from any source."""
