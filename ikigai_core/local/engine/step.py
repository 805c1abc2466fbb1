"""Data that a facet has access to while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.graph import Facet
from ikigai_core.local.engine.script_access import ScriptAccess

if TYPE_CHECKING:
    from ikigai_core.local.engine.tables import Table, Tables


@dataclass(frozen=True)
class Dataset:
    """A dataset that the flow may import: a CSV file."""

    path: Path
    name: str
    data_types: Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """A dataset that an Exported facet wrote."""

    facet_id: str
    dataset_name: str
    directory: str
    path: Path
    file_type: str
    header: bool
    columns: dict[str, dict[str, Any]]
    rows: int


@dataclass(frozen=True)
class Model:
    """A model of the flow's app. `versions` are the files of its trained versions by name, oldest first.

    `recorded` are the names of versions of which there are only figures.
    """

    model_id: str
    model_type: str
    sub_model_type: str
    versions: Mapping[str, Path]
    recorded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModelVersion:
    """A new version of a model that a facet trained."""

    facet_id: str
    model_id: str
    name: str
    path: Path
    hyperparameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    is_first: bool


@dataclass(frozen=True)
class ScriptLimits:
    """Limits for the script of a Python facet: seconds of wall time, bytes of memory, the files that it may see.

    A confined script sees nothing in the folder `hidden` but its own folder; None for the folder around the run's.
    """

    seconds: float = 600.0
    memory_bytes: int = 4 << 30
    access: ScriptAccess = ScriptAccess.OPEN
    hidden: Path | None = None


@dataclass
class Workspace:
    """Data that the facets of a run share: tables, available datasets and models, and outputs.

    `custom_facets` are the custom facets' scripts by facet id, or the `problem` why one is unavailable.
    """

    folder: Path
    tables: Tables
    datasets: Mapping[str, Dataset]
    script_limits: ScriptLimits = ScriptLimits()
    custom_facets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    model_versions: list[ModelVersion] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Input:
    """An input table of a facet, with the arguments of its arrow."""

    table: Table
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """The execution of one facet in a run."""

    facet: Facet
    arguments: Mapping[str, Any]
    inputs: tuple[Input, ...]
    workspace: Workspace

    @property
    def tables(self) -> Tables:
        """The tables of the run."""
        return self.workspace.tables

    @property
    def table(self) -> Table:
        """The first input table."""
        return self.inputs[0].table

    def sided(self, argument: str, sides: tuple[str, str]) -> tuple[Table, Table]:
        """Return the two input tables, ordered by the sides that their arrows name.

        Parameters
        ----------
        argument
            The arrow argument, such as `table_side`.
        sides
            Its two values. An arrow without a value gets the other side.

        Raises
        ------
        FlowError
            An unknown side, or the same side twice.
        """
        named = [entry.arguments.get(argument) for entry in self.inputs]
        for side in named:
            if side not in (None, *sides):
                raise FlowError(f"an arrow into it has the {argument} '{side}'; it can be {' or '.join(sides)}")
        first, second = named
        if first == second and first is not None:
            raise FlowError(f"both arrows into it have the {argument} '{first}'; make one {' and one '.join(sides)}")
        swapped = first == sides[1] or second == sides[0]
        tables = [entry.table for entry in self.inputs]
        return (tables[1], tables[0]) if swapped else (tables[0], tables[1])
