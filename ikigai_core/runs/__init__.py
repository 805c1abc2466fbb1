"""Start a run of a flow, and follow it to its end.

The platform gives a run no id. A run is identified by the state of the flow's log before its start: the *baseline* is
the newest log id at that time. The first entry that is newer than the baseline belongs to the run.
"""
