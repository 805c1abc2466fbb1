"""Finds the runs of flows that ended since the last tick."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagster_ikigai.sensors.cursor import Cursor
from dagster_ikigai.sensors.watched_flows import WatchedFlow

if TYPE_CHECKING:
    from ikigai_core import App, Flow, Ikigai, NamedMapping, RunLog
    from ikigai_core.errors import IkigaiError

_DEPTHS = (20, 200, 2_000, 20_000)
_ENDS = ("SUCCESS", "FAILED", "STOPPED")
_SETTLED = 5.0
"""Seconds for which the listing has to name the same newest run before the flow's log is not asked for any more. The
platform's times are whole seconds, in which more than one run may end."""


@dataclass(frozen=True)
class EndedRun:
    """A run that ended since the last tick.

    Attributes
    ----------
    flow : WatchedFlow
    app : App
    remote : Flow
    log : RunLog
    is_newest : bool
        Whether it is the flow's newest run.
    since : float
        End of the flow's run before, in seconds since 1970; 0 if there was none.
    """

    flow: WatchedFlow
    app: App
    remote: Flow
    log: RunLog
    is_newest: bool
    since: float = 0.0


class Watch:
    """One check of several flows within a time limit. Its cursor contains the progress.

    A flow whose check fails does not stop the check of the others.

    Parameters
    ----------
    flows : sequence of WatchedFlow
        The flows to check.
    cursor : str or None
        Cursor from the last check.
    time_limit : float
        Seconds after which no further flow is checked.

    Attributes
    ----------
    news : list of str
        The warnings of this check.
    """

    def __init__(self, flows: Sequence[WatchedFlow], cursor: str | None, time_limit: float) -> None:
        self.cursor = Cursor.load(cursor)
        self.cursor.keep_only({flow.id for flow in flows})
        self._flows = flows
        self._deadline = time.monotonic() + time_limit
        self.news: list[str] = []
        self._errors: list[Exception] = []
        self._is_away = False
        self._apps: dict[str, tuple[App, NamedMapping[Flow]] | IkigaiError] = {}
        self._has_seen_any = False

    def ended_runs(self, ikigai: Ikigai) -> Iterator[EndedRun]:
        """The runs that ended, oldest first for each flow.

        The next check finds all runs again that were not marked as `done`.
        """
        for flow in self._in_turn():
            if time.monotonic() > self._deadline:
                self.cursor.next_flow = flow.id
                return
            with self.looking_at(flow):
                yield from self._runs_of(ikigai, flow)
            if self._is_away:
                self.cursor.next_flow = flow.id
                return
        self.cursor.next_flow = ""

    def done(self, run: EndedRun) -> None:
        """Mark a run as done, so that the cursor moves past it."""
        self.cursor.seen[run.flow.id] = run.log.log_id
        self.cursor.seen_at[run.flow.id] = run.log.timestamp.timestamp()
        self._has_seen_any = True

    def tell(self, flow: WatchedFlow, text: str) -> None:
        """Add a warning to the report of this check."""
        self.news.append(f"Flow {flow.name!r} of app {flow.app!r}: {text}")

    @contextmanager
    def looking_at(self, flow: WatchedFlow) -> Iterator[None]:
        """Let an error that concerns a flow not stop the check of the others."""
        from ikigai_core.errors import IkigaiError

        try:
            yield
        except (IkigaiError, ValueError) as error:
            if getattr(error, "transient", False):
                self._is_away = True
            else:
                self._trouble(flow, type(error).__name__, str(error))
            self._errors.append(error)

    def check(self) -> None:
        """Raise the first error if it concerns all flows: no flow could be looked at, and it is not about a component.

        Raises
        ------
        IkigaiError
            The platform is out of reach, or refuses the key.
        ValueError
            A newer release wrote what the check needs.
        """
        # An error about a missing component is also a KeyError.
        serious = [error for error in self._errors if not isinstance(error, KeyError)]
        if serious and not self._has_seen_any:
            raise serious[0]

    def _runs_of(self, ikigai: Ikigai, flow: WatchedFlow) -> Iterator[EndedRun]:
        app, flows = self._app(ikigai, flow.app)
        remote = flow.among(flows)
        if remote is None:
            # All of its later runs are new.
            self.cursor.seen.setdefault(flow.id, "")
            self.cursor.seen_at.setdefault(flow.id, 0.0)
            self._trouble(flow, "missing", f"App {flow.app!r} has no flow {flow.name!r} (any more).")
            return
        logs = self._new_logs(flow, remote)
        if not logs:
            self.cursor.troubles.pop(flow.id, None)
            self._has_seen_any = True
        for number, log in enumerate(logs):
            if number and self.cursor.seen[flow.id] != logs[number - 1].log_id:
                return
            since = self.cursor.seen_at.get(flow.id, 0.0)
            yield EndedRun(flow, app, remote, log, number == len(logs) - 1, since)

    def _app(self, ikigai: Ikigai, name: str) -> tuple[App, NamedMapping[Flow]]:
        from ikigai_core.errors import IkigaiError

        if name not in self._apps:
            try:
                app = ikigai.apps.find(name)
                self._apps[name] = app, app.flows()
            except IkigaiError as error:
                self._apps[name] = error
        found = self._apps[name]
        if isinstance(found, IkigaiError):
            raise found
        return found

    def _trouble(self, flow: WatchedFlow, kind: str, text: str) -> None:
        if self.cursor.troubles.get(flow.id) != kind:
            self.tell(flow, f"{text} Its runs cannot be seen. This warning appears once.")
        self.cursor.troubles[flow.id] = kind

    def _in_turn(self) -> list[WatchedFlow]:
        later = [flow for flow in self._flows if flow.id >= self.cursor.next_flow]
        return [*later, *self._flows[: len(self._flows) - len(later)]]

    def _new_logs(self, flow: WatchedFlow, remote: Flow) -> list[RunLog]:
        if flow.id not in self.cursor.seen:
            newest = remote.run_logs(1)
            self.cursor.seen[flow.id] = newest[0].log_id if newest else ""
            self.cursor.seen_at[flow.id] = newest[0].timestamp.timestamp() if newest else 0.0
            return []
        if self._is_quiet(flow, remote):
            return []
        logs = self._logs_after_cursor(flow, remote)
        if logs:
            self.cursor.quiet.pop(flow.id, None)
        return logs

    def _is_quiet(self, flow: WatchedFlow, remote: Flow) -> bool:
        """Whether the newest run in the listing is still the one at the last reading of the flow's log."""
        told = _ended(remote.last_run)
        before, since = self.cursor.quiet.get(flow.id, ("", 0.0))
        if told is None:
            return False
        if told == before and time.time() - since >= _SETTLED:
            return True
        if told != before:
            self.cursor.quiet[flow.id] = told, time.time()
        return False

    def _logs_after_cursor(self, flow: WatchedFlow, remote: Flow) -> list[RunLog]:
        """The logs that are newer than the cursor, oldest first: by id, or by time if its log is gone."""
        seen, seen_at = self.cursor.seen[flow.id], self.cursor.seen_at.get(flow.id, 0.0)
        logs: list[RunLog] = []
        for depth in _DEPTHS:
            logs = remote.run_logs(depth)
            ids = [log.log_id for log in logs]
            if seen in ids:
                return logs[: ids.index(seen)][::-1]
            if len(logs) < depth or logs[-1].timestamp.timestamp() < seen_at:
                break
        return [log for log in logs if log.timestamp.timestamp() >= seen_at][::-1]


def _ended(last_run: Mapping[str, Any]) -> str | None:
    """What the listing says of a flow's newest run; None if it says nothing, or if the run may not have ended."""
    status, timestamp = last_run.get("status"), last_run.get("timestamp")
    return f"{status} {timestamp}" if timestamp and status in _ENDS else None
