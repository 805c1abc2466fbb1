"""Starting a flow for a task, or following the run that an earlier try of the task started."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ikigai_core.errors import IkigaiError, NotFoundError, RunLostError, StartUnknownError

if TYPE_CHECKING:
    from airflow.sdk.types import Logger

    from airflow_provider_ikigai.hooks.ikigai import IkigaiHook
    from airflow_provider_ikigai.run_store import TaskRunStore
    from ikigai_core import Flow, FlowRun


def launch(flow: Flow, store: TaskRunStore, kept: Mapping[str, Any] | None, log: Logger, **how: Any) -> FlowRun:
    """Start a flow, or follow the run that was kept.

    If a task was cleared, it follows its own run while that is still running. If the run has ended, or nobody can tell
    how it ended, the flow runs again, as the user who cleared the task wants.

    Parameters
    ----------
    flow : Flow
    store : TaskRunStore
        Its `find` must have been called.
    kept : mapping or None
    log : Logger
        The task's.
    **how
        The arguments of `Flow.launch`.
    """
    if kept is not None and _is_worth_following(flow, store, kept, log):
        run = _pick_up(flow, store, kept, log, how)
        if run is not None:
            return run
        log.info("The run from before this task was cleared has ended: the flow runs again")
    return flow.launch(keep=store.note, **how)


def is_over(run: FlowRun) -> bool:
    """Return True if a run has ended, even if its outcome is unknown. Sends one request."""
    try:
        return run.log() is not None
    except (RunLostError, NotFoundError):
        return True
    except IkigaiError as error:
        if not error.transient:
            raise
        # If the platform is out of reach, following the run waits for it.
        return False


def remove_copy(hook: IkigaiHook, run: Mapping[str, Any], log: Logger) -> None:
    """Delete the private copy of a run whose end is kept. It raises nothing: a copy that remains is deleted later."""
    if not run.get("copy_name") or run.get("keep_copy"):
        return
    try:
        with hook.get_conn() as ikigai:
            ikigai.flow_run(run).remove_copy()
    except Exception as error:
        log.warning("Private copy %r was not deleted. A later run deletes it: %s", run["copy_name"], error)


def _is_worth_following(flow: Flow, store: TaskRunStore, kept: Mapping[str, Any], log: Logger) -> bool:
    if kept.get("flow_id") != flow.flow_id:
        log.info("An earlier try kept a run of flow %r, which this task no longer runs", kept.get("flow_name"))
        return False
    is_in_doubt = kept["phase"] in ("prepared", "unknown") and not kept.get("copy_name")
    if store.was_cleared and (store.is_lost or is_in_doubt):
        log.info("It is not known how the run from before this task was cleared ended: the flow runs again")
        return False
    return True


def _pick_up(
    flow: Flow, store: TaskRunStore, kept: Mapping[str, Any], log: Logger, how: Mapping[str, Any]
) -> FlowRun | None:
    """Return the kept run, or the run that replaced it; None if the task was cleared and the run has ended."""
    was_cleared = store.was_cleared
    try:
        run = flow.launch(keep=store.note, previous=kept, **how)
    except StartUnknownError as error:
        if not (was_cleared and kept.get("copy_name")):
            raise
        log.warning("%s", error)
        return None
    if not run.picked_up:
        return run
    if was_cleared and is_over(run):
        with suppress(IkigaiError):
            run.remove_copy()
        return None
    if store.was_cleared:
        # From now on, this run belongs to the cleared task.
        store.note(run.to_dict())
    if not run.attached and dict(run.variables) != dict(how.get("variables") or {}):
        log.warning("The run that is followed was started with other variables: %s", dict(run.variables))
    return run
