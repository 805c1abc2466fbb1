"""Flows of a facet that takes two tables."""

from __future__ import annotations

from typing import Any


def of_two(jobs: Any, facet: Any, left: Any, right: Any) -> Any:
    """Run a facet on the tables of two input facets; its arrows name the sides, the right one first."""
    sink = jobs.exported()
    inputs = [jobs.arrow(right, facet, table_side="right"), jobs.arrow(left, facet, table_side="left")]
    return jobs.run([left, right, facet, sink], [*inputs, jobs.arrow(facet, sink)])
