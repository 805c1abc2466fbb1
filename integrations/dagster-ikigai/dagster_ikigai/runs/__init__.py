"""A step's run of a flow: settings, start, following, and results."""
