"""Building and checking large flow definitions."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.report import Report, within
from ikigai_core import DefinitionDocument, FacetTypes
from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.local.specs import load_facet_specs

SIZES = (1000, 2000, 4000)
_COUNT = {"output_column_name": "count", "sort": True, "target_columns": ["carrier"]}
_TABLE = {"file_type": "csv", "header": True, "use_raw_file": False}


def _chained(types: FacetTypes, size: int) -> Any:
    builder = FlowDefinitionBuilder()
    facet = builder.facet(types.INPUT.Imported, "in").arguments(dataset_id="dataset", **_TABLE)
    for number in range(size - 2):
        facet = facet.facet(types.MID.Count, f"step {number}").arguments(**_COUNT)
        facet.variables(**{f"column_{number}": "output_column_name"})
    facet.facet(types.OUTPUT.Exported, "out").arguments(dataset_name="out", file_type="csv", header=True)
    return builder.build_checked()


def _document(types: FacetTypes, size: int) -> Any:
    names = ["in", *(f"step {number}" for number in range(size - 2)), "out"]
    facets: dict[str, Any] = {
        name: {"type": "MID.Count", "after": before, "arguments": _COUNT} for before, name in pairwise(names)
    }
    facets["in"] = {"type": "INPUT.Imported", "dataset": "data", "arguments": _TABLE}
    exported = {"dataset_name": "out", "file_type": "csv", "header": True}
    facets["out"] = {"type": "OUTPUT.Exported", "after": names[-2], "arguments": exported}
    return DefinitionDocument.load({"facets": facets}).resolve(types, {"data": "dataset"})


def measure_definitions(report: Report, repeat: int) -> None:
    """The least time of some, by the builder and from a document; how that grows (a quadratic growth would be 4)."""
    types = FacetTypes(load_facet_specs())
    for what, build in (("built", _chained), ("read from a document", _document)):
        seconds = {size: _least(build, types, size, repeat) for size in SIZES}
        small, large = SIZES[0], SIZES[-1]
        report.add(
            within(f"definition of {small:,} facets, {what} and checked", "s", seconds[small], 0.5),
            within(
                f"… of {large:,}, for each facet, times that of {small:,}",
                "",
                seconds[large] / seconds[small] / (large / small),
                2,
            ),
        )


def _least(build: Callable[[FacetTypes, int], Any], types: FacetTypes, size: int, repeat: int) -> float:
    """Measure without garbage collection, as `timeit` does: its rounds go through all objects of the process."""

    def built() -> None:
        definition = build(types, size)
        assert len(definition.facets) == size
        assert len(definition.arrows) == size - 1

    return min(timeit.repeat(built, timer=time.process_time, repeat=max(repeat, 3), number=1))
