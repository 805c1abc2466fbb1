"""One run of a flow, from its definition to its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from ikigai_core.local.engine.arguments import resolve_arguments
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.graph import Facet, Graph
from ikigai_core.local.engine.observation import Note, Observer
from ikigai_core.local.engine.registry import Implementation, implementation
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
    """

    status: str
    facet_id: str
    message: str
    outputs: tuple[Output, ...]
    printed: str
    model_versions: tuple[ModelVersion, ...] = ()

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
            _Run(definition, variables, workspace, report, note).go()
        except FlowError as error:
            return RunResult("FAILED", error.facet_id, error.message, (), "".join(workspace.printed))
        return RunResult(
            "SUCCESS", "", "", tuple(workspace.outputs), "".join(workspace.printed), tuple(workspace.model_versions)
        )


class _Run:
    def __init__(
        self,
        definition: Mapping[str, Any],
        variables: Mapping[str, Any],
        workspace: Workspace,
        report: Report,
        note: Note,
    ) -> None:
        self._graph = Graph.of(definition)
        self._order = self._graph.in_order()
        self._graph.check_shape()
        self._arguments = resolve_arguments(self._graph, variables)
        # All implementations are looked up first: a flow with an unsupported facet does not start.
        self._implementations: dict[str, Implementation] = {
            facet.facet_id: implementation(facet) for facet in self._order
        }
        self._workspace = workspace
        self._report = report
        self._observer = Observer(workspace.tables, note)
        self._results: dict[str, Table] = {}

    def go(self) -> None:
        for number, facet in enumerate(self._order):
            # The final step, keeping the outputs, counts as one more facet.
            self._report(100 * number // (len(self._order) + 1), f"Running {facet.title}")
            result = self._observed(facet)
            if result is not None:
                self._results[facet.facet_id] = result
            self._free(self._order[number + 1 :])
        self._report(100 * len(self._order) // (len(self._order) + 1), "Keeping the outputs")

    def _observed(self, facet: Facet) -> Table | None:
        printed = self._workspace.printed
        before = len(printed)
        self._observer.begin(facet, [arrow.source for arrow in self._graph.parents(facet)])
        try:
            result = self._run(facet)
        except FlowError:
            self._observer.fail(facet, "".join(printed[before:]))
            raise
        self._observer.end(facet, result, "".join(printed[before:]))
        return result

    def _run(self, facet: Facet) -> Table | None:
        inputs = tuple(Input(self._results[arrow.source], arrow.arguments) for arrow in self._graph.parents(facet))
        step = Step(facet, self._arguments[facet.facet_id], inputs, self._workspace)
        try:
            return self._implementations[facet.facet_id](step)
        except FlowError as error:
            raise facet.fails(error.message) from None
        except duckdb.OutOfMemoryException:
            raise facet.fails("its data needs more memory or disk space than there is; work on fewer rows") from None
        except duckdb.Error as error:
            raise facet.fails(str(error).splitlines()[0]) from error

    def _free(self, to_come: list[Facet]) -> None:
        needed = {arrow.source for facet in to_come for arrow in self._graph.parents(facet)}
        for facet_id in [facet_id for facet_id in self._results if facet_id not in needed]:
            table = self._results.pop(facet_id)
            if table.name not in {other.name for other in self._results.values()}:
                self._workspace.tables.drop(table)
