"""Models: made once, brought up to date in place, never given another type."""

from __future__ import annotations

import pytest

from ikigai_core import App, Ikigai, errors


def test_a_model_is_made_found_and_shown(ikigai_client: Ikigai, app: App) -> None:
    model = app.model.new("Delays").model_type(ikigai_client.model_types.Linear.Lasso).build()
    assert (model.model_type, model.sub_model_type, model.changes) == ("Linear", "Lasso", ("created",))
    assert app.models()["Delays"] == app.models["Delays"] == model
    assert str(model).startswith(f"Model(\n    app_id='{app.app_id}',")
    assert model.describe()["model_id"] == model.model_id
    assert len(model.versions()) == 0
    model.rename("Late").update_description("lateness").delete()
    assert len(app.models()) == 0


def test_a_model_is_ensured_once(ikigai_client: Ikigai, app: App) -> None:
    linear = ikigai_client.model_types.Linear
    assert app.model.new("Delays").model_type(linear.Lasso).ensure().changes == ("created",)
    assert app.model.new("Delays").model_type(linear.Lasso).ensure().changes == ()
    described = app.model.new("Delays").model_type(linear.Lasso).description("new").ensure()
    assert (described.description, described.changes) == ("new", ("description",))
    with pytest.raises(errors.InvalidInput, match="'Delays' is Linear Lasso, not Linear"):
        app.model.new("Delays").model_type(linear.Ridge).ensure()


def test_a_model_needs_a_type(app: App) -> None:
    with pytest.raises(ValueError, match="Model type must be specified"):
        app.model.new("Delays").build()
