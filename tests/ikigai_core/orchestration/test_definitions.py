"""A definition in any form says what its runs read and write, and nothing that only the run will know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ikigai_core import DefinitionDocument, FlowDefinition, errors
from ikigai_core.orchestration import LoadedDefinition

PLATFORMS: dict[str, Any] = {
    "facets": [
        {"facet_id": "0", "facet_uid": "I_005", "name": "flights", "arguments": {"dataset_id": "d1"}},
        {"facet_id": "1", "facet_uid": "I_005", "name": "more", "arguments": {}, "dataset": "by name"},
        {"facet_id": "2", "facet_uid": "O_005", "name": "output", "arguments": {"dataset_name": "late"}},
    ],
    "variables": {
        "output": {"facet_name": "output", "name": "dataset_name"},
        "source": {"facet_name": "flights", "name": "dataset_id"},
    },
}


def is_known(value: object) -> bool:
    """An orchestrator's: texts without braces."""
    return isinstance(value, str) and "{{" not in value


@pytest.fixture(params=["document", "definition"])
def loaded(request: pytest.FixtureRequest, document: dict[str, Any]) -> LoadedDefinition:
    return LoadedDefinition.load(document if request.param == "document" else PLATFORMS)


def test_every_form_is_loaded(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "document.yaml").write_text(yaml.safe_dump(document))
    (tmp_path / "platforms.json").write_text(json.dumps(PLATFORMS))
    for form in (document, DefinitionDocument.load(document), tmp_path / "document.yaml"):
        assert isinstance(LoadedDefinition.load(form).definition, DefinitionDocument)
    for other in (PLATFORMS, FlowDefinition.load(PLATFORMS), str(tmp_path / "platforms.json")):
        assert isinstance(LoadedDefinition.load(other).definition, FlowDefinition)


def test_what_is_no_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.WrongInputTypeError, match="The definition is of type int"):
        LoadedDefinition.load(5)  # type: ignore[arg-type]
    with pytest.raises(errors.MissingFileError, match="does not exist"):
        LoadedDefinition.load(tmp_path / "missing.yaml")
    with pytest.raises(errors.InvalidDefinitionError, match="no key 'facts'"):
        LoadedDefinition.load({"facts": {}})


def test_outputs_are_named_as_the_runs_variables_say(loaded: LoadedDefinition) -> None:
    assert loaded.outputs() == ["late"]
    assert loaded.outputs({"output": "mine", "min_delay": 5}) == ["mine"]
    assert loaded.outputs({"output": None}) == loaded.outputs({"output": ""}) == ["late"]


def test_outputs_that_only_the_run_will_know_are_left_out(loaded: LoadedDefinition) -> None:
    assert loaded.outputs({"output": "{{ ds }}"}, is_known) == []
    assert loaded.outputs({"min_delay": "{{ ds }}"}, is_known) == ["late"]
    assert loaded.outputs({"output": object()}, is_known) == []
    # Variables that are a template as a whole may name anything.
    assert loaded.outputs("{{ params }}") == loaded.outputs(object(), is_known) == []


def test_a_name_that_is_a_template_in_the_definition_is_left_out(document: dict[str, Any]) -> None:
    document["facets"]["output"]["arguments"]["dataset_name"] = "late_{{ ds }}"
    document["facets"]["second"] = {
        "type": "OUTPUT.Exported",
        "after": "late",
        "arguments": {"dataset_name": "all"},
    }
    assert LoadedDefinition.load(document).outputs(None, is_known) == ["all"]


def test_inputs_are_told_by_name_or_by_id(document: dict[str, Any]) -> None:
    by_name, by_id = LoadedDefinition.load(document), LoadedDefinition.load(PLATFORMS)
    assert (by_name.inputs(), by_name.input_ids()) == (["flights"], [])
    assert (by_id.inputs(), by_id.input_ids()) == (["by name"], ["d1"])


def test_inputs_that_a_run_variable_replaces_are_told_by_their_id(document: dict[str, Any]) -> None:
    document["facets"]["flights"]["variables"] = {"source": "dataset_id"}
    loaded = LoadedDefinition.load(document)
    assert (loaded.inputs({"source": "d2"}), loaded.input_ids({"source": "d2"})) == ([], ["d2"])
    assert loaded.inputs({"source": "{{ ds }}"}, is_known) == loaded.input_ids({"source": "{{ ds }}"}, is_known) == []
    assert LoadedDefinition.load(PLATFORMS).input_ids({"source": "d2"}) == ["d2"]


def test_a_flow_that_writes_nothing_is_refused_where_outputs_are_needed(loaded: LoadedDefinition) -> None:
    assert loaded.checked_outputs("Late flights") == ["late"]
    with pytest.raises(
        errors.InvalidDefinitionError, match="Flow 'Late flights' writes no dataset whose name is known"
    ):
        loaded.checked_outputs("Late flights", {"output": "{{ ds }}"}, is_known)
