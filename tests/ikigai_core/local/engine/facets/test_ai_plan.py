"""AI Plan is refused by name, before anything runs, and a stand-in gives its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_it_is_refused_and_a_stand_in_takes_its_place(jobs: Any, tmp_path: Path) -> None:
    plan = jobs.facet("MID.AI_PLAN", "plan", model_name="m")
    facets = [jobs.imported("a\n1\n"), plan, jobs.exported()]
    refused = jobs.run(facets)
    assert refused.facet_id == "plan"
    assert refused.message == (
        "Ai Plan 'plan': the local platform does not run it: what the real platform computes with a model for plans is "
        "not known. A stand-in can set what it gives"
    )

    path = tmp_path / "planned.csv"
    path.write_text("b\n2\n")
    given = {"plan": {"when": "always", "sources": {"": {"label": "planned.csv", "path": str(path)}}}}
    ended = jobs.run(facets, stand_ins=given)
    assert (ended.message, ended.rows()) == ("", [["b"], ["2"]])
    assert ended.stand_ins == ["Ai Plan 'plan': planned.csv"]
