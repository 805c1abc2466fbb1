"""What a definition means, what changed, what it looks like, and whether its shape can run."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import FlowDefinition
from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.errors import DefinitionWarning, InvalidDefinitionError, InvalidInputError
from ikigai_core.specs.facet import FacetTypes

WIRE: dict[str, Any] = {
    "facets": [
        {"facet_id": "a", "facet_uid": "I_005", "name": "flights", "arguments": {"dataset_id": "d1"}},
        {"facet_id": "b", "facet_uid": "M_009", "name": "late", "arguments": {"value": "60"}},
        {"facet_id": "c", "facet_uid": "O_005", "name": "", "arguments": {"dataset_name": "out"}},
    ],
    "arrows": [
        {"source": "a", "destination": "b", "arguments": {}},
        {"source": "b", "destination": "c", "arguments": {}},
    ],
    "variables": {"min_delay": {"facet_name": "late", "name": "value"}},
    "model_variables": {},
}


def changed(change: Any) -> FlowDefinition:
    wire = json.loads(json.dumps(WIRE))
    change(wire)
    return FlowDefinition.load(wire)


def renumbered(wire: dict[str, Any]) -> None:
    text = json.dumps(wire)
    for old, new in (("a", "10"), ("b", "11"), ("c", "12")):
        text = text.replace(f'"{old}"', f'"{new}"')
    wire.update(json.loads(text))
    wire["facets"].reverse()
    wire["arrows"].reverse()


def test_ids_and_the_order_of_facets_mean_nothing() -> None:
    definition, other = FlowDefinition.load(WIRE), changed(renumbered)
    assert other.to_dict() != definition.to_dict()
    assert definition.same_as(other)
    assert definition.diff(other) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda wire: wire["facets"][1]["arguments"].update(value="90"), "facet 'late': argument 'value': '60' → '90'"),
        (lambda wire: wire["facets"][1].update(facet_uid="M_003"), "facet 'late': type M_009 → M_003"),
        (lambda wire: wire["arrows"].pop(), "arrow late → O_005 #1 is gone"),
        (lambda wire: wire["arrows"][0]["arguments"].update(name="x"), "arrow flights → late {'name': 'x'} is new"),
        (lambda wire: wire["variables"].clear(), "variable 'min_delay' is gone"),
        (lambda wire: wire["facets"][0].update(name="departures"), "facet 'departures' is new"),
    ],
)
def test_a_change_of_meaning_is_told_in_words(change: Any, says: str) -> None:
    definition, other = FlowDefinition.load(WIRE), changed(change)
    assert not definition.same_as(other)
    assert says in definition.diff(other)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_definition_survives_the_way_through_a_file(tmp_path: Path, form: str) -> None:
    definition = FlowDefinition.load(WIRE)
    path = tmp_path / f"definition.{form}"
    path.write_text(definition.to_json() if form == "json" else definition.to_yaml(), encoding="utf-8")
    assert FlowDefinition.load(path) == definition


def test_what_is_no_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.json"):
        FlowDefinition.load(tmp_path / "nowhere.json")
    with pytest.raises(InvalidDefinitionError, match="facets.0.facet_uid: Field required"):
        FlowDefinition.load({"facets": [{"facet_id": "a"}]})


def test_a_definition_draws_itself() -> None:
    definition = changed(lambda wire: wire["arrows"][0]["arguments"].update(table_side="top"))
    assert definition.to_mermaid({"I_005": "Imported", "M_009": 'Filter "x"'}).splitlines() == [
        "flowchart LR",
        '    f0[/"Imported<br/>flights"/]',
        '    f1["Filter #quot;x#quot;<br/>late"]',
        '    f2[\\"O_005<br/>out"\\]',
        '    f0 -->|"top"| f1',
        "    f1 --> f2",
    ]


def test_a_facet_without_the_children_that_it_needs_is_warned_of(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    builder.facet(facet_types.INPUT.IMPORTED, "flights")
    with pytest.warns(DefinitionWarning, match="Imported facet 'flights' is followed by no facets"):
        builder.build()
    with pytest.raises(InvalidDefinitionError, match="'flights' is followed by no facets"):
        builder.build_checked()


def test_a_facet_with_too_many_parents_is_warned_of(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    first, second = builder.facet(facet_types.INPUT.IMPORTED), builder.facet(facet_types.INPUT.IMPORTED)
    first.facet(facet_types.OUTPUT.EXPORTED, "out").add_arrow(second)
    with pytest.warns(DefinitionWarning, match="'out' comes after 2 facets, and needs at most 1"):
        builder.build()


def test_an_arrow_into_an_input_facet_is_tolerated(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    first = builder.facet(facet_types.INPUT.IMPORTED, args={"dataset_id": "d1"})
    second = first.facet(facet_types.INPUT.IMPORTED, args={"dataset_id": "d2"})
    second.facet(facet_types.OUTPUT.EXPORTED, args={"dataset_name": "out"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(builder.build().arrows) == 2


def test_an_argument_that_is_needed_and_missing_is_named(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    late = builder.facet(facet_types.INPUT.IMPORTED, args={"dataset_id": "d1"}).facet(facet_types.MID.FILTER, "late")
    late.arguments(condition="greater_than").facet(facet_types.OUTPUT.EXPORTED, "out").variables(output="dataset_name")
    with pytest.warns(DefinitionWarning, match="Filter facet 'late' needs the argument 'column_name'"):
        builder.build()
    with pytest.raises(InvalidDefinitionError, match="'late' needs the argument 'column_name'") as caught:
        builder.build_checked()
    assert "dataset_name" not in str(caught.value), "a run variable gives it"


def test_a_circle_is_an_error(facet_types: FacetTypes) -> None:
    builder = FlowDefinitionBuilder()
    first = builder.facet(facet_types.MID.COPY, "first")
    first.add_arrow(first.facet(facet_types.MID.COPY, "second"))
    with pytest.raises(InvalidDefinitionError, match="in a circle: .*first.* → .*second"):
        builder.build()


def test_a_chain_of_a_thousand_facets_is_built_checked_and_compared(facet_types: FacetTypes) -> None:
    facet = FlowDefinitionBuilder().facet(facet_types.INPUT.IMPORTED)
    for _ in range(998):
        facet = facet.facet(facet_types.MID.COUNT, args={"target_columns": ["a"], "sort": True})
    definition = facet.facet(facet_types.OUTPUT.EXPORTED).build()
    assert len(definition.facets) == 1000
    assert definition.same_as(definition)
