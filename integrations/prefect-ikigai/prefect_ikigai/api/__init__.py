"""Access to Prefect itself: its server, and the current run."""
