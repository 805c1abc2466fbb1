"""Stand-ins: tables or functions that set what a facet gives, in place of what the engine would compute."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ikigai_core.local.engine.csv_files import check_table, read_first_row
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.graph import Arrow, Facet
from ikigai_core.local.engine.registry import implementation
from ikigai_core.local.engine.script import run_script
from ikigai_core.local.engine.step import Input, Step

if TYPE_CHECKING:
    from ikigai_core.local.engine.tables import Table

ANY_OUTPUT = ""
Given: TypeAlias = "Mapping[str, Table]"
"""The tables that a facet gives, by output. `ANY_OUTPUT` is for all outputs that are not named."""


class When(StrEnum):
    """When a stand-in is used: always, only if the engine cannot compute the facet, or so that nothing else runs."""

    ALWAYS = "always"
    OTHERWISE = "otherwise"
    ALONE = "alone"


@dataclass(frozen=True)
class Source:
    """One output of a stand-in: a CSV file, or a function.

    Parameters
    ----------
    label
        What messages call it.
    path
        The CSV file.
    script
        The source of the function, and all that it needs.
    function
        Name of the function; empty for a file.
    takes_arguments
        Whether the function has a parameter `arguments` for those of the facet.
    """

    label: str
    path: Path | None = None
    script: str = ""
    function: str = ""
    takes_arguments: bool = False


@dataclass(frozen=True)
class StandIn:
    """What a facet gives: a source for each output. Without sources, it gives nothing."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    when: When = When.ALWAYS
    label: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> StandIn:
        """Read a stand-in from a job."""
        sources = {
            output: Source(**{**source, "path": Path(source["path"]) if source.get("path") else None})
            for output, source in entry["sources"].items()
        }
        return cls(sources, When(entry["when"]), entry.get("label") or "")

    @property
    def needs_inputs(self) -> bool:
        """Whether a function has to be called."""
        return any(source.function for source in self.sources.values())

    def __str__(self) -> str:
        if self.label:
            return self.label
        return ", ".join(dict.fromkeys(source.label for source in self.sources.values())) or "nothing"


def give(step: Step, stand_in: StandIn) -> Given:
    """Return what a stand-in gives in place of a facet.

    Raises
    ------
    FlowError
        The stand-in does not suit the facet, its table is invalid, or its function failed.
    """
    try:
        if step.facet.chain_group == "OUTPUT":
            return _put_out(step, stand_in)
        if not stand_in.sources:
            raise FlowError("it gives nothing, but this facet has to give a table; give it a table or a function")
        return {output: _table(step, source) for output, source in stand_in.sources.items()}
    except FlowError as error:
        raise FlowError(f"its stand-in ({stand_in}): {error.message}") from None


def pick(given: Given, arrow: Arrow, source: Facet) -> Table:
    """Return the table that goes along an arrow.

    Raises
    ------
    FlowError
        The facet does not give the output that the arrow names.
    """
    output = output_of(arrow, source)
    for name in (output, ANY_OUTPUT):
        if name in given:
            return given[name]
    if not output and len(given) == 1:
        return next(iter(given.values()))
    gives = ", ".join(f"'{name}'" for name in given)
    if not output:
        raise source.fails(f"an arrow out of it names no output; name one of those that it gives: {gives}")
    raise source.fails(f"an arrow takes the output '{output}' of it, but its stand-in gives {gives}; add it there")


def output_of(arrow: Arrow, source: Facet) -> str:
    """Return the name of the output that an arrow takes; empty if it names none."""
    names = [spec["name"] for spec in source.spec["out_arrow_arguments"]]
    return "/".join(str(arrow.arguments[name]) for name in names if arrow.arguments.get(name))


def _put_out(step: Step, stand_in: StandIn) -> Given:
    """Let a facet of the chain group OUTPUT write the table of its stand-in, if it writes a dataset."""
    writes = any(spec["name"] == "dataset_name" for spec in step.facet.spec["facet_arguments"])
    for source in stand_in.sources.values():
        if writes:
            table = _table(step, source)
            implementation(step.facet)(replace(step, inputs=(Input(table, {}),)))
        elif source.path is not None:
            raise FlowError("this facet gives no table; let a function take its inputs, or let it give nothing")
        else:
            _call(step, source, needs_result=False)
    return {}


def _table(step: Step, source: Source) -> Table:
    if source.path is None:
        result = _call(step, source, needs_result=True)
        assert result is not None
        return result
    try:
        names = read_first_row(source.path, 0)
        if not names:
            raise FlowError("the table has no header; a table needs at least a line with its column names")
        return step.tables.infer(step.tables.read(source.path, names, skip=1))
    except (ValueError, csv.Error):
        # To check a table takes longer than to read it.
        problem = check_table(source.path)
        if problem is None:
            raise
        raise FlowError(problem) from None


def _call(step: Step, source: Source, *, needs_result: bool) -> Table | None:
    names = [f"input_{number}" for number in range(1, len(step.inputs) + 1)]
    inputs = [Input(entry.table, {"name": name}) for entry, name in zip(step.inputs, names, strict=True)]
    parameters = [*names, *(["arguments=arguments"] if source.takes_arguments else [])]
    call = f"{source.function}({', '.join(parameters)})"
    return run_script(
        step.workspace,
        f"{source.script.rstrip()}\n\n{f'result = {call}' if needs_result else call}\n",
        [],
        inputs,
        needs_result=needs_result,
        values={"arguments": dict(step.arguments)} if source.takes_arguments else {},
    )
