"""The runs of flows that Prefect follows."""
