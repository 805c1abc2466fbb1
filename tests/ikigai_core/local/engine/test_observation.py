"""What a run notes of its facets for the console, and that it does not pay for it."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.console import seconds_of_runs
from ikigai_core.local.jobs.job import read_facets


def test_what_each_facet_gave_is_noted_within_limits(jobs: Any) -> None:
    header = ",".join(f"column {number}" for number in range(60))
    lines = [",".join([f"{row}", "x" * 300, *[""] * 58]) for row in range(30)]
    source = jobs.imported("\n".join([header, *lines]), file_type="csv", header=True)
    late = jobs.facet("MID.FILTER", "late", column_name="column 0", condition="greater_or_equal", value="25")

    notes = read_facets(jobs.run([source, late, jobs.exported(file_type="csv", header=True)]).folder)

    assert [notes[name].get("rows_in") for name in ("source", "late", "sink")] == [[], [30], [5]]
    assert [notes[name].get("rows_out") for name in ("source", "late", "sink")] == [30, 5, None]
    assert len(notes["source"]["rows"]) == 20
    assert notes["late"]["rows"][0][:3] == ["25", "x" * 200, None]
    assert (len(notes["late"]["rows"][0]), notes["late"]["column_count"]) == (50, 60)
    assert notes["late"]["columns"][:2] == [["column 0", "NUMERIC"], ["column 1", "CATEGORICAL"]]


@pytest.mark.soak
def test_the_thread_of_a_run_pays_nothing_for_what_pages_show() -> None:
    (noted, _), (plain, _) = seconds_of_runs(15)
    assert noted < 1.1 * plain
