"""Runs of flows, as Prefect follows them."""
