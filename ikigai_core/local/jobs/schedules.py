"""Schedules of flows: computes the next time, and starts flows when they are due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from cronsim import CronSim

from ikigai_core.local.jobs.runner import Runner
from ikigai_core.local.problems import RefusalError, RunStoppedError
from ikigai_core.local.store import Store
from ikigai_core.local.store.access import AccessLevel
from ikigai_core.local.store.flows import Flow

logger = logging.getLogger(__name__)


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def next_time(schedule: Mapping[str, str], after: datetime) -> datetime | None:
    """Return the first time after a moment at which a schedule starts its flow; None if there is none.

    Cron expressions are in UTC. The start and end times are inclusive.

    Parameters
    ----------
    schedule : mapping
        `cron`, and `start_time` and `end_time` as strings of seconds since the epoch; an empty end means no end.
    after : datetime
        With time zone.
    """
    try:
        start = datetime.fromtimestamp(int(schedule["start_time"]), UTC)
        # The start time is included.
        moment = next(CronSim(schedule["cron"], max(after.astimezone(UTC), start - timedelta(seconds=1))), None)
    except (ValueError, OverflowError):
        # After the year 9999.
        return None
    if moment is None or (schedule["end_time"] and moment.timestamp() > int(schedule["end_time"])):
        return None
    return moment


class Scheduler:
    """Starts flows by their schedules while the platform runs. Missed starts are not repeated later.

    Parameters
    ----------
    store : Store
        Keeps the flows.
    runner : Runner
        Executes them.
    clock : callable
        Returns the current time, with time zone.
    """

    def __init__(self, store: Store, runner: Runner, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._runner = runner
        self._clock = clock
        self._stopping = threading.Event()
        self._seen_until = clock()

    def start(self) -> None:
        """Start the thread that watches the clock."""
        self._seen_until = self._clock()
        threading.Thread(target=self._watch, name="schedules", daemon=True).start()

    def stop(self) -> None:
        """Start no more flows."""
        self._stopping.set()

    def start_due(self, moment: datetime) -> None:
        """Start each flow that became due since the last call, once. `moment` is the current time."""
        since, self._seen_until = self._seen_until, moment
        for flow in self._store.flows.all():
            if flow.schedule:
                # A schedule does not apply to times before its creation.
                due = next_time(flow.schedule, max(since, datetime.fromtimestamp(flow.scheduled_at, UTC)))
                if due is not None and due <= moment:
                    self._start(flow, due)

    def _watch(self) -> None:
        # Cron has a resolution of one minute.
        while not self._stopping.wait(_seconds_to_next_minute(self._clock())):
            try:
                self.start_due(self._clock())
            except RunStoppedError:
                return
            except Exception:
                logger.exception("Starting scheduled flows failed")

    def _start(self, flow: Flow, due: datetime) -> None:
        try:
            self._check_user(flow)
            self._runner.start(flow, flow.scheduled_by, {})
        except RefusalError as problem:
            logger.warning(
                "The run of flow %r (%s) scheduled for %s is skipped: %s",
                flow.name,
                flow.flow_id,
                due.isoformat(),
                problem.message,
            )

    def _check_user(self, flow: Flow) -> None:
        level = self._store.app_grants.level(flow.app_id, flow.scheduled_by)
        if level is None or not AccessLevel(level).includes(AccessLevel.BUILDER):
            raise RefusalError(403, f"{flow.scheduled_by}, who scheduled it, may not run flows of its app any more")


def _seconds_to_next_minute(moment: datetime) -> float:
    return 60 - moment.second - moment.microsecond / 1e6
