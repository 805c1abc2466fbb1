"""One run of a flow, from its definition to its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from ikigai_core.local.engine.arguments import given_arguments
from ikigai_core.local.engine.deferral import stored
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.graph import Facet, Graph
from ikigai_core.local.engine.observation import Note, Observer
from ikigai_core.local.engine.plan import Plan
from ikigai_core.local.engine.registry import Implementation, takes_deferred
from ikigai_core.local.engine.stand_ins import ANY_OUTPUT, Given, StandIn, give, pick
from ikigai_core.local.engine.step import Dataset, Input, Model, ModelVersion, Output, ScriptLimits, Step, Workspace
from ikigai_core.local.engine.tables import Table, Tables

Report = Callable[[int, str], None]


@dataclass(frozen=True)
class RunResult:
    """Result of a run.

    Parameters
    ----------
    status
        SUCCESS or FAILED.
    facet_id
        The failed facet; empty if none failed.
    message
        Reason for the failure; empty on success.
    outputs
        Datasets that the flow wrote; empty unless it succeeded.
    printed
        Output of the scripts of its Python facets.
    model_versions
        New versions that its model facets trained; empty unless it succeeded.
    stand_ins
        The stand-ins that were used, with their facets.
    """

    status: str
    facet_id: str
    message: str
    outputs: tuple[Output, ...]
    printed: str
    model_versions: tuple[ModelVersion, ...] = ()
    stand_ins: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-serializable values."""
        files = {
            name: [_with_text_path(item) for item in getattr(self, name)] for name in ("outputs", "model_versions")
        }
        return asdict(self) | files


def _with_text_path(item: Output | ModelVersion) -> dict[str, Any]:
    return {**asdict(item), "path": str(item.path)}


def run_flow(
    definition: Mapping[str, Any],
    *,
    variables: Mapping[str, Any],
    datasets: Mapping[str, Dataset],
    folder: Path,
    report: Report,
    note: Note = lambda _: None,
    script_limits: ScriptLimits | None = None,
    custom_facets: Mapping[str, Mapping[str, Any]] | None = None,
    models: Mapping[str, Model] | None = None,
    stand_ins: Mapping[str, StandIn] | None = None,
) -> RunResult:
    """Run a flow to its end.

    Parameters
    ----------
    definition
        Flow definition in wire format.
    variables
        Run variables: they replace arguments of named facets for this run.
    datasets
        Datasets that the flow may import, by dataset id.
    folder
        Folder of the run, for its outputs and intermediate files.
    report
        Called with the progress (0 to 100) and a message during the run.
    note
        Called with what there is to tell about a facet when it begins and ends.
    script_limits
        Limits for scripts.
    custom_facets
        Script, libraries and arguments of the custom facets by facet id, or the `problem` why they are unavailable.
    models
        The models of the flow's app by name.
    stand_ins
        What stands in for facets, by facet id.

    Returns
    -------
    RunResult
        Also for a failed run: errors of the flow's author raise no exception.
    """
    with Tables(folder) as tables:
        workspace = Workspace(
            folder, tables, datasets, script_limits or ScriptLimits(), custom_facets or {}, models or {}
        )
        try:
            run = _Run(definition, variables, workspace, stand_ins or {}, report, note)
        except FlowError as error:
            return RunResult("FAILED", error.facet_id, error.message, (), "")
        try:
            run.go()
        except FlowError as error:
            printed = "".join(workspace.printed)
            return RunResult("FAILED", error.facet_id, error.message, (), printed, (), tuple(run.told))
        return RunResult(
            "SUCCESS",
            "",
            "",
            tuple(workspace.outputs),
            "".join(workspace.printed),
            tuple(workspace.model_versions),
            tuple(run.told),
        )


class _Run:
    def __init__(
        self,
        definition: Mapping[str, Any],
        variables: Mapping[str, Any],
        workspace: Workspace,
        stand_ins: Mapping[str, StandIn],
        report: Report,
        note: Note,
    ) -> None:
        self._graph = Graph.of(definition)
        self._plan = Plan.of(self._graph, given_arguments(self._graph, variables), stand_ins)
        self._workspace = workspace
        self._report = report
        self._observer = Observer(workspace.tables, note)
        self._results: dict[str, Given] = {}
        self._missing: dict[str, FlowError] = {}
        self.told: list[str] = []

    def go(self) -> None:
        with closing(self._observer):
            self._take_all()

    def _take_all(self) -> None:
        order = self._plan.order
        for number, facet in enumerate(order):
            # The final step, keeping the outputs, counts as one more facet.
            self._report(100 * number // (len(order) + 1), f"Running {facet.title}")
            self._take(facet)
            self._free(order[number + 1 :])
        self._report(100 * len(order) // (len(order) + 1), "Keeping the outputs")

    def _take(self, facet: Facet) -> None:
        if facet.facet_id in self._plan.unneeded:
            return
        if winner := self._plan.winner(facet):
            self._stand_in(facet, winner, "")
            return
        try:
            if facet.facet_id in self._plan.problems:
                raise self._plan.problems[facet.facet_id]
            self._check_inputs(facet)
            self._results[facet.facet_id] = self._observed(facet, self._plan.implementations[facet.facet_id])
        except FlowError as error:
            if substitute := self._plan.substitute(facet):
                self._stand_in(facet, substitute, f", since {error.message}")
            elif self._is_expected(error) or self._plan.can_fail(facet):
                self._missing[facet.facet_id] = error
            else:
                raise

    def _check_inputs(self, facet: Facet) -> None:
        """Raise the reason why a facet before this one gave nothing, if one did."""
        for arrow in self._graph.parents(facet):
            if arrow.source in self._missing:
                raise self._missing[arrow.source]

    def _is_expected(self, error: FlowError) -> bool:
        """Return whether the plan does without what the facet gives, since it cannot be computed here."""
        return any(error is known for known in (*self._plan.problems.values(), *self._missing.values()))

    def _stand_in(self, facet: Facet, stand_in: StandIn, reason: str) -> None:
        if stand_in.needs_inputs:
            self._check_inputs(facet)
        self.told.append(f"{facet.title}: {stand_in}{reason}")
        self._results[facet.facet_id] = self._observed(facet, lambda step: give(step, stand_in), stand_in)

    def _observed(self, facet: Facet, run: Implementation, stand_in: StandIn | None = None) -> Given:
        printed = self._workspace.printed
        before = len(printed)
        parents = [arrow.source for arrow in self._graph.parents(facet)]
        self._observer.begin(facet, parents, None if stand_in is None else str(stand_in))
        try:
            result = self._run(facet, run, stand_in)
        except FlowError:
            self._observer.fail(facet, "".join(printed[before:]))
            raise
        given = {ANY_OUTPUT: result} if isinstance(result, Table) else result or {}
        self._observer.end(facet, next(iter(given.values()), None), "".join(printed[before:]))
        return given

    def _run(self, facet: Facet, run: Implementation, stand_in: StandIn | None) -> Table | Given | None:
        needs_inputs = stand_in is None or stand_in.needs_inputs
        inputs = self._inputs(facet) if needs_inputs else ()
        try:
            if stand_in is not None or not takes_deferred(facet):
                inputs = tuple(replace(one, table=stored(self._workspace.tables, one.table)) for one in inputs)
            return run(Step(facet, self._plan.arguments[facet.facet_id], inputs, self._workspace))
        except FlowError as error:
            raise facet.fails(error.message) from None
        except duckdb.OutOfMemoryException:
            raise facet.fails("its data needs more memory or disk space than there is; work on fewer rows") from None
        except duckdb.Error as error:
            raise facet.fails(str(error).splitlines()[0]) from error

    def _inputs(self, facet: Facet) -> tuple[Input, ...]:
        facets = self._graph.facets
        return tuple(
            Input(pick(self._results[arrow.source], arrow, facets[arrow.source]), arrow.arguments)
            for arrow in self._graph.parents(facet)
        )

    def _free(self, to_come: list[Facet]) -> None:
        needed = {arrow.source for facet in to_come for arrow in self._graph.parents(facet)}
        done = [self._results.pop(facet_id) for facet_id in self._results.keys() - needed]
        kept = {name for given in self._results.values() for table in given.values() for name in table.names()}
        for name in {name for given in done for table in given.values() for name in table.names()} - kept:
            self._observer.leave(name)
            self._workspace.tables.drop(name)
