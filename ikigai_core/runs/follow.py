"""Follow a run to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

from ikigai_core.enums import FlowStatus
from ikigai_core.errors import (
    IkigaiError,
    NotFoundError,
    PlatformAwayError,
    RunAmbiguousError,
    RunLostError,
    RunTimeoutError,
)
from ikigai_core.logs import fields, get_logger
from ikigai_core.procedure import Procedure, call_blocking, pause
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs.counting import counted
from ikigai_core.runs.durations import spoken
from ikigai_core.runs.evidence import has_written
from ikigai_core.runs.following import Following
from ikigai_core.runs.history import note_duration, usual_durations
from ikigai_core.runs.logs import has_news, logs_since
from ikigai_core.runs.outages import OutageTracker, asked_to_wait
from ikigai_core.runs.ownership import failed_at_fence, settled
from ikigai_core.runs.pace import Pace
from ikigai_core.runs.polling import SHORTEST, acquire, consume, next_look
from ikigai_core.runs.reports import Reports
from ikigai_core.runs.state import Phase, RunState
from ikigai_core.runs.status import glance_at

logger = get_logger(__name__)

START_GRACE = 60.0
"""Seconds for which a flow may be idle without a log of the run before the run is considered lost. It may not have
begun yet, and the log may appear later than the status."""

_LOG_EVERY = 4
"""Every n-th look starts with the log: if another run follows at once, the status may not show this run's end."""

_LAST_ANSWER = 2.0
"""Seconds after the timeout within which the answer to the last look must have arrived."""

_TAIL = 0.8
"""Seconds for which the status may lag behind the log before it is taken as that of another run. Without this wait, a
caller that starts the flow again at once may find it busy with the run that has just ended."""

UNSTOPPABLE = "The run continues: the platform cannot stop runs."


@dataclass(frozen=True)
class Ended:
    """A finished run.

    Attributes
    ----------
    run : RunState
        With its log's id, and the doubt about it.
    log : RunLog
    """

    run: RunState
    log: RunLog


_Found = tuple[RunLog, str]


def log_of(run: RunState) -> Procedure[Ended | None]:
    """The end of the run, if its log already shows it; else None."""
    if run.run_log is not None:
        return Ended(run, run.run_log)
    found = settled(run, (yield from logs_since(run, retried=True)), is_final=False)
    if found is not None and not run.is_examined:
        run = yield from _examined(run, found[0])
        found = settled(run, (yield from logs_since(run, retried=True)), is_final=False)
    return None if found is None else _ended(run, *found)


def follow(run: RunState, how: Following | None = None) -> Procedure[Ended]:
    """Follow a started run to its end, whether it succeeds or fails.

    Raises
    ------
    RunTimeoutError
        The run is still running.
    RunLostError
        The flow is idle, but no log of the run appeared.
    RunAmbiguousError
        Several log entries may belong to the run, and they have different outcomes.
    PlatformAwayError
        The platform did not answer for too long.
    IkigaiError
        An error of the platform that does not go away if the request is repeated.
    """
    how = how or Following()
    reports = Reports(how.on_update)
    if run.run_log is not None:
        yield from reports.end(run.run_log)
        return Ended(run, run.run_log)
    began = yield from pause(0)
    watch = _Watch(run, how, began)
    yield from watch.recall()
    watch.now = yield from acquire(began, watch.deadline)
    while True:
        asked = 0.0
        try:
            found = yield from watch.look()
        except IkigaiError as error:
            watch.bear(error)
            asked = asked_to_wait(error)
        else:
            if found is not None:
                ended = _ended(watch.run, *found)
                yield from watch.learn(ended.log)
                yield from reports.end(ended.log)
                return ended
            if watch.last is not None:
                yield from reports.tell(watch.last)
        watch.check_time()
        seconds = SHORTEST if watch.is_ending else how.poll or watch.interval()
        watch.now = yield from next_look(watch.now, max(seconds, asked), watch.deadline)


def _ended(run: RunState, log: RunLog, doubt: str) -> Ended:
    extra = fields(app_id=run.app_id, flow_id=run.flow_id, run_log_id=log.log_id, run_status=log.status.value)
    logger.info("Flow %r ended %s", run.flow_name, log.status.value, extra=extra)
    if doubt:
        logger.warning("Flow %r: run log %s may be another run's. %s", run.flow_name, log.log_id, doubt, extra=extra)
    phase: Phase = "fenced" if failed_at_fence(run, log) else "ended"
    return Ended(replace(run, phase=phase, log_id=log.log_id, doubt=doubt, log=log.model_dump(mode="json")), log)


def _examined(run: RunState, log: RunLog) -> Procedure[RunState]:
    """Collect the evidence that is necessary before a log entry can be attributed to the run.

    If the answer to its start was lost, a dataset that only this run writes must prove it. But the dataset does not
    show which of the runs that ended since the baseline, or that are still running, wrote it.
    """
    if run.phase != "unknown" or (yield from has_written(run)):
        return (yield from counted(replace(run, phase="started")))
    if run.on_doubt == "accept":
        doubt = f"The answer to its start was lost, and dataset {run.unique_output!r} was not written."
        return replace(run, phase="started", doubt=doubt)
    raise RunAmbiguousError(
        f"The answer to the start of flow {run.flow_name!r} was lost. The run that was seen since ended "
        f"{log.status.value}, and did not write dataset {run.unique_output!r}: it may be another's. Look at the flow "
        "before you start it again.",
        [log],
    )


class _Watch:
    """The state of a follower."""

    def __init__(self, run: RunState, how: Following, began: float) -> None:
        self.now = began
        self.deadline = None if how.timeout is None else began + how.timeout
        self.last: FlowStatusReport | None = None
        self.run = run
        self._began = began
        # A run that an earlier process started is older than the wait for its end.
        self._head_start = 0.0 if run.started_at is None else max(time.time() - run.started_at, 0.0)
        self._pace = Pace()
        self._last_at = began
        self._how = how
        self._patience = OutageTracker(how.outage)
        self._looks = 0
        self._idle_for = 0.0
        self._idle_at: float | None = None
        self._log_seen_at: float | None = None

    def look(self) -> Procedure[_Found | None]:
        """Look at the run. Returns its log and the doubt about it, or None while it is still running."""
        self._looks += 1
        log_first = self._looks % _LOG_EVERY == 0
        if log_first and not (yield from has_news(self.run, self._answer_by)):
            return None
        report = yield from glance_at(self.run, self._answer_by)
        may_be_over = log_first or self._may_be_over(report)
        self._note(report)
        found: _Found | None = None
        if may_be_over:
            consume(self.now)
            logs = yield from logs_since(self.run, deadline=self._answer_by)
            found = settled(self.run, logs, is_final=self._is_long_idle)
        self._patience.answered()
        if found is not None and not self.run.is_examined:
            self.run = yield from _examined(self.run, found[0])
            return (yield from self.look())
        if found is None and self._is_long_idle:
            raise self._lost()
        return None if found and self._may_lag(report) else found

    @property
    def _answer_by(self) -> float | None:
        return None if self.deadline is None else self.deadline + _LAST_ANSWER

    @property
    def is_ending(self) -> bool:
        """True if the log shows that the run is over, but the status does not yet."""
        return self._log_seen_at is not None

    @property
    def age(self) -> float:
        """Seconds since the run was started, or since the wait began if that is not known."""
        return self.now - self._began + self._head_start

    def recall(self) -> Procedure[None]:
        """Take in how long the flow's earlier runs took."""
        load = partial(usual_durations, self.run.app_id, self.run.flow_id)
        self._pace = Pace((yield from call_blocking(load)))

    def interval(self) -> float:
        """Seconds until the next look."""
        return self._pace.interval(self.age)

    def learn(self, log: RunLog) -> Procedure[None]:
        """Keep the duration of a successful run, for later runs of the flow."""
        if log.status is not FlowStatus.SUCCESS or self.run.started_at is None:
            return
        seconds = self._pace.duration(self.age)
        if seconds is not None:
            yield from call_blocking(partial(note_duration, self.run.app_id, self.run.flow_id, seconds))

    def bear(self, error: IkigaiError) -> None:
        """Tolerate an error, or raise the error that it means."""
        # It is not known whether the flow was idle in the meantime.
        self._idle_at = None
        if isinstance(error, NotFoundError) and self.run.is_private:
            raise RunLostError(
                f"The private copy {self.run.copy_name!r} is gone, and its run's log with it: its result was taken, "
                "or it was deleted."
            ) from None
        if self._patience.bears(error, self.now):
            return
        if not self._patience.is_outage(error):
            raise error
        raise PlatformAwayError(
            f"The platform has not answered for {spoken(self._patience.away(self.now))} ({error}). Flow "
            f"{self.run.flow_name!r} {self._seen}. Its run may still be running. Wait for it again.",
            self.last,
        ) from None

    def check_time(self) -> None:
        """Raise `RunTimeoutError` if the time is up."""
        if self.deadline is None or self.now < self.deadline:
            return
        away = self._patience.away(self.now)
        silent = f", and the platform has not answered for {spoken(away)}" if away else ""
        seen = f"it {self._seen}{silent}. {UNSTOPPABLE}"
        said = f"Flow {self.run.flow_name!r} did not end within {spoken(self._how.timeout or 0)}: {seen}"
        raise RunTimeoutError(said, self.last, seen)

    def _may_be_over(self, report: FlowStatusReport) -> bool:
        """True if the run may be over: the flow is idle, or its progress went back, so another run may be active."""
        last = self.last
        if report.is_idle or self.is_ending or self.run.log_id is not None:
            return True
        return last is not None and (last.status != report.status or (last.progress or 0) > (report.progress or 0))

    def _may_lag(self, report: FlowStatusReport) -> bool:
        """True if the busy flow may still show this run, so that another look is useful."""
        if report.is_idle or self.run.is_private or self.run.log_id is not None:
            return False
        self._log_seen_at = self.now if self._log_seen_at is None else self._log_seen_at
        return self.now - self._log_seen_at < _TAIL

    def _note(self, report: FlowStatusReport) -> None:
        self.last, self._last_at = report, self.now
        self._pace.note(report, self.age)
        if not report.is_idle:
            self._idle_for, self._idle_at = 0.0, None
            return
        self._idle_for += 0.0 if self._idle_at is None else self.now - self._idle_at
        self._idle_at = self.now

    @property
    def _is_long_idle(self) -> bool:
        return self._idle_for > START_GRACE

    @property
    def _seen(self) -> str:
        if self.last is None:
            return "was not seen"
        progress = "" if self.last.progress is None else f" {self.last.progress} %"
        ago = self.now - self._last_at
        return f"was last seen {self.last.status.value}{progress}{f', {spoken(ago)} ago' if ago >= 1 else ''}"

    def _lost(self) -> RunLostError:
        return RunLostError(
            f"Flow {self.run.flow_name!r} has been idle for {START_GRACE:.0f} s and its log shows no run of "
            f"{self.run.user or 'anyone'} newer than {self.run.baseline or 'the empty log'}: "
            "the platform lost the run, or never began it."
        )
