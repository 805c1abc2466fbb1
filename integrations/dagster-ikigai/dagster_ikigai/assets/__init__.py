"""Assets: of flows, apps and files; their graph, their checks, and frames that become datasets."""
