"""The page about the facets tells of each what the specs and the engine have of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ikigai_core.local.engine.registry import runnable_facet_types
from ikigai_core.local.specs import facet_specs_by_uid

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "facets.md").read_text()


def rows() -> dict[tuple[str, str], list[str]]:
    """Return the cells of each facet's line, by chain group and type."""
    found: dict[tuple[str, str], list[str]] = {}
    for part in PAGE.split("\n## ")[1:4]:
        chain = part.split("\n")[0]
        for line in re.findall(r"^\| `(\w+)` \|(.*)\|$", part, re.MULTILINE):
            assert (chain, line[0].upper()) not in found
            found[chain, line[0].upper()] = [cell.strip() for cell in line[1].split(" | ")]
    return found


ROWS = rows()


def test_no_facet_is_told_that_there_is_not() -> None:
    infos = [spec["facet_info"] for spec in facet_specs_by_uid().values()]
    assert set(ROWS) == {(info["chain_group"], info["facet_type"]) for info in infos}


@pytest.mark.parametrize("uid", facet_specs_by_uid())
def test_each_facet_has_a_line_with_its_arguments(uid: str) -> None:
    spec = facet_specs_by_uid()[uid]
    info = spec["facet_info"]
    arguments, what, unknown = ROWS[info["chain_group"], info["facet_type"]]

    told = [name for name in re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", arguments)) if name]
    kinds = ("facet_arguments", "in_arrow_arguments", "out_arrow_arguments")
    assert told == [argument["name"] for kind in kinds for argument in spec[kind]]
    for argument in spec["facet_arguments"]:
        assert all(option in arguments for option in argument["options"])
    assert what.startswith("Does not run here.") == (info["facet_type"] not in runnable_facet_types())
    assert what and unknown
