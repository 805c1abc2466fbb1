"""Follow several runs at once, within the process's request budget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from ikigai_core.errors import IkigaiError, RunFailedError
from ikigai_core.procedure import Procedure
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun
from ikigai_core.runs.outages import OUTAGE

R = TypeVar("R", FlowRun, AsyncFlowRun)
OnUpdateOf = Callable[[R, FlowStatusReport], Awaitable[None] | None]


@dataclass(frozen=True)
class RunOutcome(Generic[R]):
    """The outcome of following one of several runs.

    Attributes
    ----------
    run : FlowRun or AsyncFlowRun
    log : RunLog or None
        The run's log, also if the run failed; None if its end was not seen.
    error : IkigaiError or None
        `RunFailedError`, or the reason why the run's end was not seen; None for a successful run.
    """

    run: R
    log: RunLog | None = None
    error: IkigaiError | None = None

    def result(self) -> RunLog:
        """The log of a successful run.

        Raises
        ------
        IkigaiError
            The outcome's error.
        """
        if self.error is not None or self.log is None:
            raise self.error or RuntimeError("an outcome has a log or an error")
        return self.log


def outcomes(
    runs: Iterable[R], timeout: float | None = None, on_update: OnUpdateOf[R] | None = None, *, outage: float = OUTAGE
) -> list[Procedure[RunOutcome[R]]]:
    """One procedure for each run, which follows it and returns its outcome. It does not raise the client's errors."""
    return [_outcome(run, timeout, partial(on_update, run) if on_update else None, outage) for run in runs]


def _outcome(
    run: R,
    timeout: float | None,
    on_update: Callable[[FlowStatusReport], Awaitable[None] | None] | None,
    outage: float,
) -> Procedure[RunOutcome[R]]:
    try:
        log = yield from type(run).result.procedure(run, timeout, None, on_update, outage=outage)
    except RunFailedError as failure:
        return RunOutcome(run, failure.run_log, failure)
    except IkigaiError as error:
        return RunOutcome(run, None, error)
    return RunOutcome(run, log)
