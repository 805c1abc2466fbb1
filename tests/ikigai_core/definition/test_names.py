"""What definitions refer to by name, or by a component that is at hand, is looked up when a flow is built."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, DefinitionDocument, FlowDefinition, Ikigai, errors
from ikigai_core.definition.loading import load_definition
from ikigai_core.specs.facet import FacetTypes


@pytest.fixture
def delays(app: App) -> App:
    """An app with a dataset to learn from, and a model."""
    app.dataset.new("delays").df(pd.DataFrame({"n": range(9), "delay": range(0, 90, 10)})).build()
    return app


def copied(ikigai: Ikigai, dataset: Any, output: Any = "copy") -> FlowDefinition:
    types = ikigai.facet_types
    return (
        ikigai.builder.facet(types.INPUT.IMPORTED, "input", {"file_type": "csv", "header": True})
        .dataset(dataset)
        .facet(types.OUTPUT.EXPORTED, args={"dataset_name": output, "file_type": "csv", "header": True})
        .build()
    )


def test_a_builder_takes_a_dataset_by_name_or_itself(ikigai_client: Ikigai, delays: App, tmp_path: Any) -> None:
    by_name, dataset = copied(ikigai_client, "delays"), delays.datasets["delays"]
    assert by_name.imported() == ["delays"]
    assert by_name.exported({"unknown": 1}) == ["copy"]
    assert copied(ikigai_client, dataset).imported() == [dataset.dataset_id]
    (tmp_path / "copy.yaml").write_text(by_name.to_yaml())
    assert load_definition(tmp_path / "copy.yaml") == by_name
    flow = delays.flow.new("Copy").definition(by_name).ensure()
    assert flow.definition().to_dict()["facets"][0].get("dataset") is None
    assert flow.definition().imported() == [dataset.dataset_id]
    for same in (dataset, "delays"):
        assert delays.flow.new("Copy").definition(copied(ikigai_client, same)).ensure().changes == ()
    assert delays.flow.new("Copy").definition(tmp_path / "copy.yaml").ensure().changes == ()
    assert flow.update_definition(copied(ikigai_client, "delays", output=dataset)).definition().exported() == ["delays"]
    with pytest.raises(
        errors.InvalidDefinitionError, match="Facet 'input': there is no dataset 'delay'.*mean 'delays'"
    ):
        delays.flow.new("Other").definition(copied(ikigai_client, "delay")).build()
    with pytest.raises(errors.InvalidDefinitionError, match="A Count facet imports no dataset"):
        ikigai_client.builder.facet(ikigai_client.facet_types.MID.COUNT).dataset("delays")


@pytest.fixture
def told() -> dict[str, Any]:
    """Trains a model, and rounds what it says with a custom facet."""
    csv = {"file_type": "csv", "header": True}
    return {
        "facets": {
            "delays": {"type": "INPUT.Imported", "dataset": "delays", "arguments": csv},
            "predict": {
                "type": "MID.Predict",
                "after": "delays",
                "model": "Linear.Lasso",
                "arguments": {"model_name": "Delays"},
                "parameters": {"target_column": "delay"},
                "hyperparameters": {"alpha": 0.001},
            },
            "rounded": {
                "type": "MID.Custom_Facet",
                "after": "predict",
                "custom_facet": "Rounded",
                "arguments": {"digits": 1},
            },
            "out": {"type": "OUTPUT.Exported", "after": "rounded", "arguments": {"dataset_name": "told", **csv}},
        }
    }


@pytest.mark.filterwarnings("ignore:Custom facet 'rounded' is not pinned")
def test_a_document_names_models_and_custom_facets(ikigai_client: Ikigai, delays: App, told: dict[str, Any]) -> None:
    delays.model.new("Delays").model_type(ikigai_client.model_types.Linear.Lasso).build()
    script = "result = data.assign(rounded=data['predicted_delay'].round(digits))"
    custom_facet = (
        ikigai_client.custom_facet.new("Rounded", ikigai_client.facet_types.MID.CUSTOM_FACET)
        .script(script, arguments={"digits": 3})
        .build()
    )
    custom_facet.create_version("first")
    try:
        flow = delays.flow.new("Told").definition(told).ensure()
        flow.launch().result()
        assert delays.datasets["told"].df()["rounded"].tolist() == pytest.approx(list(range(0, 90, 10)), abs=0.2)
        told["facets"]["rounded"]["version"] = "first"
        told["facets"]["delays"]["dataset"] = delays.datasets["delays"]
        document = DefinitionDocument.load(told)
        assert DefinitionDocument.load(document.to_dict()) == document
        assert document.imported() == ["delays"]
        before = flow.definition()
        assert delays.flow.new("Told").definition(document).ensure().changes == ("definition",)
        differences = before.diff(flow.definition())
        assert any(difference.startswith("facet 'rounded': argument 'version_id'") for difference in differences)
        told["facets"]["rounded"]["version"] = "frist"
        with pytest.raises(errors.InvalidDefinitionError, match="has no version 'frist'. Did you mean 'first'"):
            delays.flow.new("Told").definition(told).ensure()
    finally:
        custom_facet.delete()


@pytest.mark.parametrize(
    ("facet", "says"),
    [
        ({"hyperparameters": {"alpha": 1}}, "name its type, as in model: Linear.Lasso"),
        ({"version": "first"}, "a version is a custom facet's"),
        ({"model": "Linear.Lasso", "custom_facet": "x"}, "not both"),
        ({"modle": "Linear.Lasso"}, "there is no key 'modle' here. Did you mean 'model'"),
    ],
)
def test_what_does_not_belong_together_is_named(facet: dict[str, Any], says: str) -> None:
    with pytest.raises(errors.InvalidDefinitionError, match=says):
        DefinitionDocument.load({"facets": {"a": {"type": "MID.Predict", **facet}}})


def test_a_fault_of_an_arrow_or_a_type_names_the_facet(facet_types: FacetTypes) -> None:
    csv = {"dataset_name": "both"}
    facets: dict[str, Any] = {
        "a": {"type": "INPUT.Imported", "dataset": "x"},
        "both": {"type": "MID.Union", "after": [{"facet": "a", "table_sid": "top"}], "arguments": {"option": "full"}},
        "out": {"type": "OUTPUT.Exported", "after": "both", "arguments": csv},
    }
    with pytest.raises(errors.InvalidDefinitionError, match="Facet 'both', after 'a': .*Did you mean 'table_side'"):
        DefinitionDocument.load({"facets": facets}).resolve(facet_types, {"x": "1"})
    for written, meant in (("Imported", "'INPUT.IMPORTED'"), ("python", "'INPUT.PYTHON' or 'MID.PYTHON' or")):
        facets["a"]["type"] = written
        with pytest.raises(errors.UnknownFacetTypeError, match=f"Facet 'a': .*Did you mean {meant}"):
            DefinitionDocument.load({"facets": facets}).resolve(facet_types, {"x": "1"})
