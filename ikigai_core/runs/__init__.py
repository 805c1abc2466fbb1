"""Starting a flow's run and following it to its end.

The platform gives a run no id. A run is told apart by what the flow's log held before it started: the *baseline*, the
newest log id of that time. The first entry newer than the baseline is the run's own.
"""
