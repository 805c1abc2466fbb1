"""Models are listed and shown."""

from __future__ import annotations

from ikigai_core import App, Ikigai

from .conftest import CommandLine


def test_models_are_listed_and_shown(ikigai: CommandLine, ikigai_client: Ikigai, app: App) -> None:
    assert "no models yet" in ikigai.text("models", "list", app.name)
    app.model.new("Delays").model_type(ikigai_client.model_types.Linear.Lasso).description("How late").build()
    (listed,) = ikigai.json("models", "list", app.name)
    assert (listed["name"], listed["model_type"].title(), listed["description"]) == ("Delays", "Linear", "How late")
    page = app.models["Delays"].web_url
    assert ikigai.json("models", "show", app.name, "Delays") == {**listed, "versions": [], "web_url": page}
    said = ikigai.text("models", "show", app.name, "Delays")
    assert "How late" in said
    assert "No versions yet." in said
    assert "Delays" in ikigai.text("models", "list", app.name)


def test_a_model_is_created_once_renamed_and_deleted(ikigai: CommandLine, app: App) -> None:
    assert ikigai.json("models", "create", app.name, "delays", "Linear.Lasso")["changes"] == ["created"]
    again = ikigai.json("models", "create", app.name, "delays", "linear.lasso", "--description", "x")
    assert again["changes"] == ["description"]
    assert "Did you mean" in ikigai.complaint("models", "create", app.name, "other", "Linear.Laso")
    ikigai.text("models", "rename", app.name, "delays", "d")
    ikigai.text("models", "delete", app.name, "d", "--yes")
    assert list(app.models()) == []
