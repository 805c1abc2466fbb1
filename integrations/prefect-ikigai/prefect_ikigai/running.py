"""Starting and following a run, in words that the sync and the async client both carry out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

from ikigai_core.errors import FlowBusy, RunFailed
from ikigai_core.procedure import Procedure, work
from prefect_ikigai.components import Client, call, get_flow
from prefect_ikigai.journal import RunJournal
from prefect_ikigai.owner import Owner
from prefect_ikigai.start_gate import StartGate

if TYPE_CHECKING:
    from ikigai_core import AsyncFlowRun, FlowRun, FlowStatusReport, RunLog

AnyRun: TypeAlias = "FlowRun | AsyncFlowRun"
OnBusy = Literal["fail", "wait", "attach"]


class Deadline:
    """Seconds that are left of those that a caller allows.

    Parameters
    ----------
    seconds : float, optional
        From now on; None for as long as it takes. It holds in another process too.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.time() + seconds

    @property
    def left(self) -> float | None:
        """Seconds; None for as long as it takes."""
        return None if self._end is None else max(self._end - time.time(), 0.0)


@dataclass(frozen=True)
class RunRequest:
    """What a caller wants to run, and how.

    Attributes
    ----------
    app, flow : str
        Names.
    variables : mapping
        The run variables.
    on_busy : {"fail", "wait", "attach"}
    deadline : Deadline
    credentials_id : UUID or None
        Of the saved block with which the platform is asked.
    """

    app: str
    flow: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    on_busy: OnBusy = "fail"
    deadline: Deadline = field(default_factory=lambda: Deadline(None))
    credentials_id: UUID | None = None


def start(ikigai: Client, request: RunRequest) -> Procedure[tuple[Any, RunJournal]]:
    """Start a flow, or pick up the run that an earlier try or a flow run that broke off has left.

    Returns
    -------
    FlowRun or AsyncFlowRun
        The run.
    RunJournal
        Where its progress and end are to be noted.
    """
    flow = yield from get_flow(ikigai, request.app, request.flow)
    journal = yield from work(partial(RunJournal, request.app, request.flow, flow.flow_id, request.credentials_id))
    previous = yield from _previous(ikigai, journal, request.variables)
    gate = StartGate(flow.flow_id, request.flow, is_open=Owner.current() is None)
    yield from gate.enter()
    try:
        run = yield from call(
            flow,
            "launch",
            request.variables,
            on_busy=request.on_busy,
            keep=journal.keep,
            previous=previous,
            timeout=request.deadline.left,
        )
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from gate.leave()
        if isinstance(error, FlowBusy):
            yield from work(journal.discard)
        raise
    yield from gate.leave()
    yield from work(partial(journal.started, run.to_dict(), run.web_url))
    return run, journal


def follow(run: AnyRun, journal: RunJournal, deadline: Deadline) -> Procedure[RunLog]:
    """Follow a run to its end, and return the log of one that succeeded.

    Raises
    ------
    RunFailed
        The run failed.
    RunTimeout
        The run goes on.
    """
    try:
        log: RunLog = yield from call(run, "result", deadline.left, on_update=journal.update)
    except RunFailed as failure:
        yield from work(partial(journal.end, failure.run_log, str(failure)))
        raise
    if run.doubt:
        journal.doubt(run.doubt)
    yield from work(partial(journal.end, log))
    return log


def resume(ikigai: Client, run: Mapping[str, Any], app: str) -> Procedure[tuple[Any, RunJournal]]:
    """Pick up a run that another task started, from what it returned."""
    journal = yield from work(partial(RunJournal, app, run["flow_name"], run["flow_id"]))
    yield from work(partial(journal.resume, run))
    return ikigai.flow_run(run), journal


def run_to_the_end(ikigai: Client, request: RunRequest) -> Procedure[RunLog]:
    """Start a flow and follow its run to the end."""
    run, journal = yield from start(ikigai, request)
    return (yield from follow(run, journal, request.deadline))


def goes_on(ikigai: Client, run: Mapping[str, Any]) -> Procedure[bool]:
    """Whether a run that nobody follows has not come to its end, or may not have begun yet."""
    picked_up = ikigai.flow_run(run)
    if (yield from call(picked_up, "log")) is not None:
        return False
    if picked_up.phase == "prepared":
        # Whether the start went out is for the client to find out, which watches the flow for a while.
        return True
    report: FlowStatusReport = yield from call(picked_up, "status")
    return not report.is_idle


def _previous(ikigai: Client, journal: RunJournal, variables: Mapping[str, Any]) -> Procedure[dict[str, Any] | None]:
    found = yield from work(partial(journal.find, variables))
    if found.earlier is not None:
        return found.earlier.run
    for left in found.left_behind:
        if (yield from goes_on(ikigai, left.run)):
            return (yield from work(partial(journal.take_over, left)))
        yield from work(partial(journal.forget, left))
    return None
