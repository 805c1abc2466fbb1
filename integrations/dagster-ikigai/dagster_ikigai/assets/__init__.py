"""Assets of flows, apps and files, their graph, their checks, and the IO manager for frames."""
