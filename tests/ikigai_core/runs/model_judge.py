"""One task, one run, the right result: what tasks were told, beside what the platform did."""

from __future__ import annotations

from ikigai_core.errors import FlowBusyError, RunAmbiguousError, RunFailedError, RunLostError, StartUnknownError
from ikigai_core.runs.lost_start import LONGEST_LOOK

from .model_platform import ModelRun
from .model_world import Task, Told, World

# Two requests that were under way, and the longest pause that was asked for.
_LAST_LOOK = 2 * 62.0 + 31.0


def wrong_with(world: World) -> list[str]:
    """What went wrong in a history that was played to its end."""
    wrong = [f"a look took {seconds:.0f} s" for seconds in world.looks if seconds > LONGEST_LOOK + _LAST_LOOK]
    for task in world.tasks:
        wrong += [f"{task.name}: {fault}" for fault in _faults(world, task)]
    if world.history.mode == "copy":
        wrong += _left_over(world)
    return wrong


def _faults(world: World, task: Task) -> list[str]:
    history, runs = world.history, world.platform.runs_of(task.name)
    is_proven = history.mode == "copy" or (history.on_doubt == "fail" and not world.is_lease_broken)
    faults = []
    if is_proven and len(runs) > 1:
        faults.append(f"{len(runs)} runs")
    for told in task.told:
        faults += _misled(told, runs, task) if is_proven else _unfounded(told, world, runs)
        if history.mode == "copy" and told.is_current and isinstance(told.error, StartUnknownError | RunLostError):
            faults.append(f"doubt in copy mode: {told.error!r}")
    if not history.faults and not _is_done(world, task):
        faults.append(f"not done, though nothing went wrong: {task.outcome}")
    return faults


def _is_done(world: World, task: Task) -> bool:
    """Whether a task came to its end; runs of others that are over at once may leave a doubt on a shared flow."""
    assert task.outcome is not None
    error = task.outcome.error
    if error is None or isinstance(error, RunFailedError):
        return True
    return world.history.mode != "copy" and isinstance(error, RunAmbiguousError | FlowBusyError)


def _misled(told: Told, runs: list[ModelRun], task: Task) -> list[str]:
    """Whether a try was told of an end that its own run did not have."""
    own = {run.run_id: run.status for run in runs}
    if told.error is None and told.log is not None and told.run is not None:
        if "SUCCESS" not in own.values():
            return [f"ended well without a run of its own: {told.log.log_id}, own {own}"]
        if told.log.log_id not in own and not told.run.doubt:
            return [f"took {told.log.log_id}, own {own}"]
        if told.run.variables.get("task") != task.name:
            return [f"names {told.run.variables}"]
    if isinstance(told.error, RunFailedError) and "FAILED" not in own.values():
        return [f"was told of a failed run, own {own}: {told.error}"]
    return []


def _unfounded(told: Told, world: World, runs: list[ModelRun]) -> list[str]:
    """Whether a try ended well though there was nothing to guess by, or did not tell that it was a guess."""
    if told.error is not None or told.run is None or told.log is None:
        return []
    if told.log.log_id not in [run.run_id for run in world.platform.runs if run.status == "SUCCESS"]:
        return [f"ended well without any run: {told.log.log_id}"]
    is_own = told.log.log_id in [run.run_id for run in runs]
    return [] if is_own or told.run.doubt or world.is_lease_broken else [f"took {told.log.log_id} without a doubt"]


def _left_over(world: World) -> list[str]:
    """Copies that stay though nothing went wrong."""
    copies = [flow.name for flow in world.platform.flows.values() if flow.flow_id != "flow"]
    faults = sum(task.faults for task in world.tasks)
    return [f"{len(copies)} copies left after {faults} faults"] if len(copies) > faults else []
