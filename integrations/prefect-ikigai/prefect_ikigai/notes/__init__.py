"""Notes about runs on Prefect's server, which later tries find."""
