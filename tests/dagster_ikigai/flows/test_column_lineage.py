"""What a definition tells of the columns that a flow writes, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_ikigai import IkigaiFlow
from dagster_ikigai.flows.column_lineage import column_source


def source_of(**facets: Any) -> Any:
    """The source of the columns behind these facets, which come one after another."""
    chain: dict[str, Any] = {"first": {"type": "INPUT.Imported", "dataset": "numbers"}, **facets}
    names = [*chain, "out"]
    chain["out"] = {"type": "OUTPUT.Exported", "arguments": {"dataset_name": "written"}}
    content = {
        name: facet if name == "first" else {**facet, "after": names[number - 1]}
        for number, (name, facet) in enumerate(chain.items())
    }
    return column_source(IkigaiFlow("An app", "A flow", {"facets": content}).facets, "out")


def renaming(**names: str) -> dict[str, Any]:
    columns = [{"old_name": old, "new_name": new} for old, new in names.items()]
    return {"type": "MID.Rename_Columns", "arguments": {"columns": columns}}


def test_columns_keep_their_origin_through_every_renaming() -> None:
    swapped = source_of(once=renaming(a="b", b="a"), sorted={"type": "MID.Sort"}, again=renaming(b="c"))
    assert swapped.dataset == "numbers"
    assert swapped.old_names == {"a": "b", "c": "a"}


@pytest.mark.parametrize(
    "facets",
    [
        {"made": {"type": "MID.Python", "arguments": {"script": "result = data"}}},
        {"first": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"script": "result = data"}}},
        {"first": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"column_names": ["a"]}}},
        {"first": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"header": False}}},
        {"named": {**renaming(a="b"), "variables": {"how": "columns"}}},
        {"named": {"type": "MID.Rename_Columns", "arguments": {"columns": {"a": "b"}}}},
        {"named": {"type": "MID.Rename_Columns", "arguments": {"names": {"a": "b"}}}},
    ],
    ids=["script", "importing script", "names", "no header", "run variable", "another form", "other arguments"],
)
def test_what_a_definition_does_not_tell_is_not_guessed(facets: dict[str, Any]) -> None:
    assert source_of(**facets) is None
