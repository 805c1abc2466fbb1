"""Models: made once, brought up to date in place, never given another type."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, FlowDefinition, Ikigai, errors
from ikigai_core.local.process import LocalPlatform


def test_a_model_is_made_found_and_shown(ikigai_client: Ikigai, app: App) -> None:
    model = app.model.new("Delays").model_type(ikigai_client.model_types.Linear.Lasso).build()
    assert (model.model_type, model.sub_model_type, model.changes) == ("Linear", "Lasso", ("created",))
    assert app.models()["Delays"] == app.models["Delays"] == model
    assert str(model).startswith(f"Model(\n    app_id='{app.app_id}',")
    assert model.describe()["model_id"] == model.model_id
    assert len(model.versions()) == 0
    model.rename("Late").update_description("lateness").delete()
    assert len(app.models()) == 0


@pytest.mark.usefixtures("soon_settled")
def test_a_model_is_ensured_once(ikigai_client: Ikigai, app: App) -> None:
    linear = ikigai_client.model_types.Linear
    assert app.model.new("Delays").model_type(linear.Lasso).ensure().changes == ("created",)
    assert app.model.new("Delays").model_type(linear.Lasso).ensure().changes == ()
    described = app.model.new("Delays").model_type(linear.Lasso).description("new").ensure()
    assert (described.description, described.changes) == ("new", ("description",))
    with pytest.raises(errors.InvalidInputError, match="'Delays' is Linear Lasso, not Linear"):
        app.model.new("Delays").model_type(linear.Ridge).ensure()


def test_a_model_needs_a_type(app: App) -> None:
    with pytest.raises(ValueError, match="Model type must be specified"):
        app.model.new("Delays").build()


def predict(ikigai: Ikigai, dataset_id: str, **parameters: Any) -> FlowDefinition:
    """A flow that learns how late flights are, or tells it."""
    types = ikigai.facet_types
    return (
        ikigai.builder.facet(types.INPUT.IMPORTED)
        .arguments(dataset_id=dataset_id, file_type="csv", header=True)
        .model_facet(types.MID.PREDICT, ikigai.model_types.Linear.Lasso, name="predict")
        .arguments(model_name="Delays")
        .hyperparameters(alpha=0.001)
        .parameters(target_column="delay", **parameters)
        .facet(types.OUTPUT.EXPORTED)
        .arguments(dataset_name="told", file_type="csv", header=True)
        .build()
    )


def test_a_model_is_trained_once_and_used_after_a_restart(own_platform: LocalPlatform) -> None:
    ikigai = Ikigai(user_email=own_platform.user_email, api_key=own_platform.api_key, base_url=own_platform.url)
    app = ikigai.app.new("Delays").build()
    frame = pd.DataFrame({"distance": range(100, 400, 10), "carrier": ["AA", None, "B6"] * 10})
    flights = app.dataset.new("flights").df(frame.assign(delay=frame["distance"] / 10)).build()
    model = app.model.new("Delays").model_type(ikigai.model_types.Linear.Lasso).build()
    flow = app.flow.new("Predict").definition(predict(ikigai, flights.dataset_id)).build()
    flow.launch().result()
    trained = model.versions()["initial"]
    assert model.describe()["latest_version_id"] == trained.version_id
    assert trained.hyperparameters["alpha"] == 0.001
    assert trained.metrics["performance"]["r2"]["average_test"] > 0.99
    assert trained.metrics["feature_importance"]["linear_base"]["distance"] > 1
    with pytest.raises(errors.RunFailedError, match="model 'Delays' is trained already"):
        flow.launch().result()
    own_platform.restart()
    flow.update_definition(predict(ikigai, flights.dataset_id, mode="inference"))
    flow.launch().result()
    told = app.datasets["told"].df()
    assert told["predicted_delay"].tolist() == pytest.approx(told["delay"].tolist(), abs=0.5)
    flow.update_definition(predict(ikigai, flights.dataset_id, mode="retrain_inference"))
    flow.launch().result()
    assert list(model.versions()) == ["initial 2", "initial"]
    app.delete()


def test_a_run_that_fails_after_training_makes_no_version(ikigai_client: Ikigai, app: App) -> None:
    flights = app.dataset.new("flights").df(pd.DataFrame({"n": range(9), "delay": range(9)})).build()
    model = app.model.new("Delays").model_type(ikigai_client.model_types.Linear.Lasso).build()
    definition = predict(ikigai_client, flights.dataset_id).to_dict()
    definition["facets"][2]["arguments"]["directory"] = "nowhere"
    with pytest.raises(errors.RunFailedError, match="there is no such directory"):
        app.flow.new("Predict").definition(definition).build().launch().result()
    assert len(model.versions()) == 0
