"""Notes about runs on Prefect's server. Later attempts find them."""
