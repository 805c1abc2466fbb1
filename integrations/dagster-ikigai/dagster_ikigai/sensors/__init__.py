"""Runs that the platform made, whoever started them."""
