"""Definitions written by hand: read offline, resolved against the platform's facet types."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ikigai_core import DefinitionDocument
from ikigai_core.errors import InvalidDefinitionError, InvalidInputError
from ikigai_core.specs.facet import FacetTypes

DOCUMENT: dict[str, Any] = {
    "facets": {
        "flights": {"type": "INPUT.Imported", "dataset": "flights", "arguments": {"file_type": "csv", "header": True}},
        "late": {
            "type": "MID.Filter",
            "after": "flights",
            "arguments": {"column_name": "delay", "condition": "greater_than", "value": "60"},
            "variables": {"min_delay": "value"},
        },
        "both": {
            "type": "MID.Union",
            "after": [{"facet": "flights", "table_side": "top"}, {"facet": "late", "table_side": "bottom"}],
            "arguments": {"option": "full"},
        },
        "output": {"type": "OUTPUT.Exported", "after": ["both"], "arguments": {"dataset_name": "late"}},
    }
}


def test_a_document_tells_what_it_reads_writes_and_lets_runs_set() -> None:
    document = DefinitionDocument.load(DOCUMENT)
    assert document.inputs == {"flights": "flights"}
    assert document.outputs == {"output": "late"}
    assert document.variables == {"min_delay": "late"}


def test_a_document_tells_what_a_run_with_variables_writes() -> None:
    named = deepcopy(DOCUMENT)
    named["facets"]["output"]["variables"] = {"output": "dataset_name"}
    document = DefinitionDocument.load(named)
    assert document.output_names() == {"output": "late"}
    assert document.output_names({"output": "very late", "min_delay": "90"}) == {"output": "very late"}


def test_a_document_resolves_to_a_definition(facet_types: FacetTypes) -> None:
    definition = DefinitionDocument.load(DOCUMENT).resolve(facet_types, {"flights": "d1"})
    assert [facet.name for facet in definition.facets] == ["flights", "late", "both", "output"]
    assert definition.imported() == ["d1"]
    assert definition.exported() == ["late"]
    assert [(arrow.source, arrow.destination, arrow.arguments) for arrow in definition.arrows] == [
        ("0", "1", {}),
        ("0", "2", {"table_side": "top"}),
        ("1", "2", {"table_side": "bottom"}),
        ("2", "3", {}),
    ]
    assert definition.variables["min_delay"].argument_name == "value"


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_document_is_the_same_from_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"definition{suffix}"
    path.write_text(json.dumps(DOCUMENT) if suffix == ".json" else yaml.safe_dump(DOCUMENT, sort_keys=False))
    assert DefinitionDocument.load(path) == DefinitionDocument.load(DOCUMENT)


def test_a_document_survives_the_way_through_plain_values() -> None:
    document = DefinitionDocument.load(DOCUMENT)
    assert DefinitionDocument.load(json.loads(json.dumps(document.to_dict()))) == document


def changed(**changes: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["facets"]["late"].update(changes)
    return document


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"facet": {}}, "there is no key 'facet' here. Did you mean 'facets'?"),
        ({}, "facets: Field required"),
        (changed(afterwards="flights"), "facets.late: there is no key 'afterwards' here"),
        (changed(after="flihgts"), "'late' comes after 'flihgts', which is not there. Did you mean 'flights'?"),
        (changed(after=3), "facets.late.after"),
    ],
)
def test_a_fault_of_form_is_named_without_the_platform(document: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        DefinitionDocument.load(document)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (changed(type="MID.Fliter"), "Facet 'late': MID facet 'Fliter' does not exist. Did you mean 'FILTER'?"),
        (changed(type="Filter"), "Facet 'late': Facet type 'Filter' does not exist. Did you mean 'MID.FILTER'"),
        (changed(arguments={"colum": "x"}), "Facet 'late': Argument 'colum' is not valid for Filter facet"),
        (changed(variables={"v": "valeu"}), "Facet 'late': Filter facet does not have argument 'valeu'"),
    ],
)
def test_a_fault_of_content_is_named_by_facet(facet_types: FacetTypes, document: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        DefinitionDocument.load(document).resolve(facet_types, {"flights": "d1"})
    assert says in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.yaml"):
        DefinitionDocument.load(tmp_path / "nowhere.yaml")


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("facets: [")
    with pytest.raises(InvalidDefinitionError, match=r"broken\.yaml cannot be read"):
        DefinitionDocument.load(path)
