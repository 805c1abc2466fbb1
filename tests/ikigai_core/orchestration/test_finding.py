"""Components are found by name or id, and brought about, in one way on both faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncModel, Model, errors
from ikigai_core.api.answers import Listing
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import (
    ensure_app,
    ensure_dataset,
    ensure_flow,
    ensure_model,
    find_app,
    find_dataset,
    find_flow,
    find_model,
    find_model_version,
)


def test_each_kind_is_found_by_name_and_by_id(app: App, side: Any, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("late").build()
    model = app.model.new("delay").model_type(app._client.model_types.Linear.Lasso).build()
    ikigai = side.ikigai
    for home in (app.name, app.app_id):
        assert side.run(find_app(ikigai, home)).app_id == app.app_id
        for name in ("flights", dataset.dataset_id):
            assert side.run(find_dataset(ikigai, home, name)).dataset_id == dataset.dataset_id
        for name in ("late", flow.flow_id):
            assert side.run(find_flow(ikigai, home, name)).flow_id == flow.flow_id
        for name in ("delay", model.model_id):
            assert side.run(find_model(ikigai, home, name)).model_id == model.model_id


def test_what_is_not_there_is_an_error_that_offers_the_nearest(app: App, side: Any) -> None:
    app.flow.new("late flights").build()
    with pytest.raises(errors.NotFoundError, match="There is no flow 'late flihgts'.*Did you mean 'late flights'"):
        side.run(find_flow(side.ikigai, app.name, "late flihgts"))


def answered(procedure: Any, *answers: Any) -> Any:
    """What a procedure returns if its calls are answered so, one after another."""
    try:
        procedure.send(None)
        for answer in answers:
            procedure.send(answer)
    except StopIteration as end:
        return end.value
    raise AssertionError("it asks for more")


@pytest.mark.parametrize("face", [Model, AsyncModel])
def test_a_models_version_is_found_by_name_or_id_or_is_the_newest(face: type[Any]) -> None:
    times = {"created_at": 1767225600, "modified_at": 1767225600}
    about = {"project_id": "a", "model_id": "m", "name": "Delays", "model_type": "Linear", "sub_model_type": "Lasso"}
    model = face.from_dict({**about, **times}, None)
    records = [{"model_id": "m", "version_id": f"v{n}", "version": f"version {n}", **times} for n in (2, 1)]
    versions = Listing(records, "")
    for told, newest in (("v1", "v1"), ("v2", "v2"), ("", "v2")):
        assert answered(find_model_version(model), versions, {"latest_version_id": told}).version_id == newest
    for name in ("v1", "version 1"):
        assert answered(find_model_version(model, name), versions).version_id == "v1"
    with pytest.raises(
        errors.UnknownNameError, match="Model 'Delays' has no version 'verson 1'. Did you mean 'version 1'?"
    ):
        answered(find_model_version(model, "verson 1"), versions)


def test_a_model_that_was_never_trained_has_no_version(app: App, side: Any) -> None:
    side.run(ensure_model(side.ikigai, app.name, "delay", "Linear.Lasso"))
    model = side.run(find_model(side.ikigai, app.name, "delay"))
    with pytest.raises(errors.UnknownNameError, match="Model 'delay' has no version yet: no flow has trained it"):
        side.run(find_model_version(model))


@pytest.mark.usefixtures("soon_settled")
def test_components_are_brought_about_once(side: Any, document: dict[str, Any], flights: pd.DataFrame) -> None:
    ikigai = side.ikigai
    name = "Brought about"
    for changes in (("created",), ()):
        dataset = side.run(ensure_dataset(ikigai, name, "flights", flights, create_app=True))
        flow = side.run(ensure_flow(ikigai, name, "late", document))
        model = side.run(ensure_model(ikigai, name, "delay", "Linear.Lasso", description="late?"))
        assert dataset.changes == flow.changes == model.changes == changes
    # By its id no second one is made.
    assert side.run(ensure_app(ikigai, dataset.app_id, create=True)).name == name
    assert side.run(ensure_app(ikigai, name, create=True)).app_id == dataset.app_id
    side.perform(side.run(find_app(ikigai, name)).delete())


def test_a_parquet_file_becomes_a_table(app: App, side: Any, flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.to_parquet(tmp_path / "flights.parquet")
    dataset = side.run(ensure_dataset(side.ikigai, app.name, "flights", tmp_path / "flights.parquet"))
    assert list(side.perform(dataset.df()).columns) == list(flights.columns)


def test_what_is_unusable_is_refused_before_anything_is_sent(
    side: Any, ikigai_local: LocalAccount, tmp_path: Path
) -> None:
    ikigai_local.control.clear_journal()
    with pytest.raises(errors.InvalidInputError):
        side.run(ensure_dataset(side.ikigai, "Never", "flights", tmp_path / "missing.csv", create_app=True))
    with pytest.raises(errors.MissingFileError):
        side.run(ensure_flow(side.ikigai, "Never", "late", tmp_path / "missing.yaml", create_app=True))
    assert ikigai_local.control.journal(user=ikigai_local.user_email) == []
    with pytest.raises(errors.InvalidDefinitionError, match="Linear"):
        side.run(ensure_model(side.ikigai, "Never", "delay", "Linear.Lassoo", create_app=True))
    with pytest.raises(errors.NotFoundError):
        side.run(find_app(side.ikigai, "Never"))


def test_an_app_that_is_not_there_is_created_only_if_that_is_asked_for(side: Any) -> None:
    with pytest.raises(errors.NotFoundError):
        side.run(ensure_app(side.ikigai, "Not asked for"))
    assert "Not asked for" not in side.perform(side.ikigai.apps())
