"""Finds the runs of flows that ended since the last tick."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import dagster as dg

from dagster_ikigai.flows.facets import Component, Output
from dagster_ikigai.forms import read_form
from dagster_ikigai.metadata import APP, DATASET, FACET, FLOW, FLOW_ID, MODEL

if TYPE_CHECKING:
    from ikigai_core import App, Flow, Ikigai, NamedMapping, RunLog

CURSOR_VERSION = 1
REMEDY = (
    "Use the release that wrote it, or reset the sensor's cursor in Dagster's UI: runs that ended before that are then "
    "not reported."
)
_DEPTHS = (20, 200, 1000)


@dataclass(frozen=True)
class WatchedFlow:
    """A flow and its assets, from the asset specs.

    Attributes
    ----------
    app, name : str
        Names of the app and of the flow.
    flow_id : str or None
        Its id, if it is known.
    keys : mapping of str to AssetKey
        Asset key by facet.
    written : list of Output
        The outputs of the flow.
    """

    app: str
    name: str
    flow_id: str | None
    keys: Mapping[str, dg.AssetKey]
    written: list[Output]

    @property
    def id(self) -> str:
        """Its unique name in a cursor."""
        return self.flow_id or f"{self.app}/{self.name}"

    def among(self, flows: NamedMapping[Flow]) -> Flow | None:
        """Find the flow among others; None if it is missing."""
        if self.flow_id is None and self.name in flows:
            return flows[self.name]
        try:
            return flows.get_id(self.flow_id or self.name)
        except KeyError:
            return None


def watched_flows(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> list[WatchedFlow]:
    """The flows of unpartitioned assets. For partitioned ones, the partition of a foreign run is not known."""
    found: dict[tuple[str, str, str | None], list[tuple[Output, dg.AssetKey]]] = {}
    for spec in _specs(assets):
        app, flow = spec.metadata.get(APP), spec.metadata.get(FLOW)
        if app is None or flow is None or spec.partitions_def is not None:
            continue
        output = Output(spec.metadata.get(FACET) or "", _component(spec))
        found.setdefault((app, flow, spec.metadata.get(FLOW_ID)), []).append((output, spec.key))
    flows = [
        WatchedFlow(*names, {output.facet: key for output, key in group}, [output for output, _ in group])
        for names, group in found.items()
    ]
    return sorted(flows, key=lambda flow: flow.id)


def _specs(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> Iterator[dg.AssetSpec]:
    for asset in assets:
        if isinstance(asset, dg.AssetSpec):
            yield asset
        else:
            yield from asset.specs


def _component(spec: dg.AssetSpec) -> Component:
    if DATASET in spec.metadata:
        return Component("dataset", spec.metadata[DATASET])
    if MODEL in spec.metadata:
        return Component("model", spec.metadata[MODEL])
    return Component("flow", spec.metadata[FLOW])


@dataclass
class Cursor:
    """The newest seen log id of each flow (empty if it had no logs), and the flow to continue with."""

    seen: dict[str, str] = field(default_factory=dict)
    next_flow: str = ""

    @classmethod
    def load(cls, text: str | None) -> Self:
        """Read what `dump` wrote.

        Raises
        ------
        ValueError
            Another release wrote it. Starting without a cursor could report runs twice.
        """
        if not text:
            return cls()
        content = read_form("The sensor's cursor", text, CURSOR_VERSION, REMEDY)
        return cls(content["seen"], content["next_flow"])

    def dump(self) -> str:
        """The cursor as JSON text."""
        return json.dumps({"version": CURSOR_VERSION, "seen": self.seen, "next_flow": self.next_flow})


@dataclass(frozen=True)
class EndedRun:
    """A run that ended since the last tick."""

    flow: WatchedFlow
    app: App
    remote: Flow
    log: RunLog
    is_newest: bool


class Watch:
    """One check of several flows within a time limit. Its cursor contains the progress.

    Parameters
    ----------
    flows : sequence of WatchedFlow
        The flows to check.
    cursor : str or None
        Cursor from the last check.
    time_limit : float
        Seconds after which no further flow is checked.
    """

    def __init__(self, flows: Sequence[WatchedFlow], cursor: str | None, time_limit: float) -> None:
        self.cursor = Cursor.load(cursor)
        known = {flow.id for flow in flows}
        self.cursor.seen = {name: log_id for name, log_id in self.cursor.seen.items() if name in known}
        self._flows = flows
        self._deadline = time.monotonic() + time_limit
        self.missing: list[WatchedFlow] = []

    def ended_runs(self, ikigai: Ikigai) -> Iterator[EndedRun]:
        """The runs that ended, oldest first for each flow.

        The next check finds all runs again that were not marked as `done`.
        """
        apps: dict[str, tuple[App, NamedMapping[Flow]]] = {}
        for flow in self._in_turn():
            if time.monotonic() > self._deadline:
                self.cursor.next_flow = flow.id
                return
            if flow.app not in apps:
                app = ikigai.apps.find(flow.app)
                apps[flow.app] = app, app.flows()
            app, flows = apps[flow.app]
            remote = flow.among(flows)
            if remote is None:
                self.missing.append(flow)
                continue
            logs = self._new_logs(flow, remote)
            for number, log in enumerate(logs):
                if number and self.cursor.seen[flow.id] != logs[number - 1].log_id:
                    break
                yield EndedRun(flow, app, remote, log, is_newest=number == len(logs) - 1)
        self.cursor.next_flow = ""

    def done(self, run: EndedRun) -> None:
        """Mark a run as done, so that the cursor moves past it."""
        self.cursor.seen[run.flow.id] = run.log.log_id

    def _in_turn(self) -> list[WatchedFlow]:
        later = [flow for flow in self._flows if flow.id >= self.cursor.next_flow]
        return [*later, *self._flows[: len(self._flows) - len(later)]]

    def _new_logs(self, flow: WatchedFlow, remote: Flow) -> list[RunLog]:
        if flow.id not in self.cursor.seen:
            newest = remote.run_logs(1)
            self.cursor.seen[flow.id] = newest[0].log_id if newest else ""
            return []
        seen = self.cursor.seen[flow.id]
        logs: list[RunLog] = []
        for depth in _DEPTHS:
            logs = remote.run_logs(depth)
            ids = [log.log_id for log in logs]
            if seen in ids:
                return logs[: ids.index(seen)][::-1]
            if len(logs) < depth:
                break
        return logs[::-1]
