"""Components become dicts and come back from them; a notebook offers what is theirs."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from ikigai_core import App, Ikigai, NamedMapping


def test_what_was_made_a_dict_is_made_from_it(
    ikigai_client: Ikigai, app: App, flights: pd.DataFrame, document: dict[str, Any]
) -> None:
    dataset = app.dataset.new("flights").df(flights).agent_access(True).build()
    flow = app.flow.new("late").definition(document).schedule("15 3 * * *").build()
    model = app.model.new("delays").model_type(ikigai_client.model_types.Linear.Lasso).build()
    custom_facet = (
        ikigai_client.custom_facet.new("Older", ikigai_client.facet_types.MID.CUSTOM_FACET)
        .script("result = data", arguments={"years": 1})
        .build()
    )
    in_account = ikigai_client.app_directory.new("apps").build()
    folders = [each.new("folder").build() for each in (app.dataset_directory, app.flow_directory, app.model_directory)]
    for component in (app, dataset, flow, model, custom_facet, in_account, *folders):
        again = type(component).from_dict(component.to_dict(), ikigai_client)
        assert again == component
        assert getattr(again, "web_url", None) == getattr(component, "web_url", None)
        json.dumps(component.to_dict(), default=str)
    again_flow = type(flow).from_dict(flow.to_dict(), ikigai_client)
    assert again_flow.schedule == flow.schedule
    assert again_flow.status().status == "IDLE"
    folder = type(folders[0]).from_dict(folders[0].to_dict(), ikigai_client)
    assert dataset.move(folder).name == "flights"
    assert isinstance(folder.datasets(), NamedMapping)
    assert folder.datasets()["flights"].dataset_id == dataset.dataset_id
    assert not in_account.apps()
    custom_facet.delete()
    in_account.delete()


def test_a_notebook_offers_what_is_a_components_own(app: App) -> None:
    offered = {name for name in dir(app) if not name.startswith("_")}
    assert {"datasets", "rename", "web_url", "model_dump"} <= offered
    assert not offered & {"copy", "parse_obj", "model_validate", "model_fields", "schema"}
