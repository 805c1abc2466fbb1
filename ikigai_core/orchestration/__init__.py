"""What an adapter for a workflow orchestrator brings to the core, and how it is tested.

A task of an orchestrator is tried again after its process died. The core then follows the run that an earlier try
started, if the adapter brings a `RunStore`: somewhere that survives the process. If the orchestrator has something that
only one holds at a time, the adapter also brings a `StartLease`. ``docs/runs.md`` draws the states of a run and says
what is guaranteed with what.
"""

from ikigai_core.orchestration.run_store import RunStore, SupersededError
from ikigai_core.runs.lease import StartLease

__all__ = ["RunStore", "StartLease", "SupersededError"]
