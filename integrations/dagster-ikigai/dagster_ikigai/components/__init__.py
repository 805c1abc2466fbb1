"""Dagster components: assets from YAML."""
