"""Definitions with names instead of ids: they mean the same in another app, and in another account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, DefinitionDocument, Ikigai
from ikigai_core.errors import InvalidDefinitionError

CSV = {"file_type": "csv", "header": True}
SCRIPT = "result = data.head(count)"


def _everything(app: App, ikigai: Ikigai, flights: pd.DataFrame) -> DefinitionDocument:
    """A document that refers to a dataset, a model, a pinned and an unpinned custom facet and a directory."""
    app.dataset.new("flights").df(flights).build()
    app.model.new("delays").model_type(ikigai.model_types.Linear.Lasso).build()
    parent = app.dataset_directory.new("raw").build()
    app.dataset_directory.new("2026").parent(parent).build()
    head = ikigai.custom_facet.new("head rows", facet_type=ikigai.facet_types.MID.CUSTOM_FACET)
    head.script(SCRIPT, arguments={"count": 3}).build().create_version("v1")
    return DefinitionDocument.load(
        {
            "facets": {
                "flights": {"type": "INPUT.Imported", "dataset": "flights", "arguments": CSV},
                "first": {
                    "type": "MID.CustomFacet",
                    "custom_facet": "head rows",
                    "version": "v1",
                    "after": "flights",
                    "arguments": {"count": 2},
                },
                "again": {"type": "MID.CustomFacet", "custom_facet": "head rows", "after": "first"},
                "predicted": {
                    "type": "MID.Predict",
                    "model": "Linear.Lasso",
                    "after": "again",
                    "arguments": {"model_name": "delays"},
                    "parameters": {"target_column": "delay"},
                    "hyperparameters": {"alpha": 0.5},
                },
                "out": {
                    "type": "OUTPUT.Exported",
                    "directory": "raw/2026",
                    "after": "predicted",
                    "arguments": {"dataset_name": "late", **CSV},
                    "variables": {"output": "dataset_name"},
                },
            }
        }
    )


@pytest.mark.filterwarnings("ignore:Custom facet 'again' is not pinned")
def test_a_definition_by_names_means_the_same_here_and_in_another_account(
    member: Callable[[str], Ikigai], flights: pd.DataFrame
) -> None:
    ann, bob = member("ann@example.com"), member("bob@example.com")
    here, there = ann.app.new("Here").build(), bob.app.new("There").build()
    flow = here.flow.new("Everything").definition(_everything(here, ann, flights)).build()

    document = flow.document()

    ids = [each.app_id for each in (here, there)] + [each.dataset_id for each in here.datasets().values()]
    assert not any(each in document.to_yaml() for each in ids)
    assert here.flow.new("Everything").definition(document).ensure().changes == ()
    _everything(there, bob, flights)
    copy = there.flow.new("Everything").definition(document).build()
    assert copy.document() == document
    assert not copy.definition().same_as(flow.definition())
    for app in (here, there):
        app.delete()


@pytest.mark.parametrize(
    ("facet", "change", "complaint"),
    [
        ("flights", {"dataset": "flihgts"}, "no dataset 'flihgts' in app .* Did you mean 'flights'"),
        ("predicted", {"arguments": {"model_name": "delay"}}, "no model 'delay' in app .* Did you mean 'delays'"),
        ("out", {"directory": "raw/2025"}, "no directory of datasets 'raw/2025' in app .* Did you mean 'raw/2026'"),
        ("first", {"version": "v2"}, "has no version 'v2'"),
        ("first", {"custom_facet": "head row"}, "no custom facet 'head row' .* Did you mean 'head rows'"),
    ],
)
def test_a_name_that_is_not_there_is_refused_before_anything_is_created(
    shared: tuple[App, DefinitionDocument], facet: str, change: dict[str, Any], complaint: str
) -> None:
    app, document = shared
    wanted = document.to_dict()
    wanted["facets"][facet] |= change
    with pytest.raises((InvalidDefinitionError, KeyError), match=complaint):
        app.flow.new("Everything").definition(wanted).ensure()
    assert list(app.flows()) == []


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> Any:
    """An app with all that the document refers to; tests do not change it."""
    from ikigai_core.local.process import LocalPlatform

    with LocalPlatform.start() as platform, Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        app = ikigai.app.new("Shared").build()
        data = pd.DataFrame({"delay": [1, 2]})
        yield app, _everything(app, ikigai, data)


def test_a_definition_without_unique_facet_names_comes_back_unchanged(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    facet = {"facet_uid": "I_005", "arguments": {"dataset_id": dataset.dataset_id, **CSV}}
    counted = {"facet_uid": "M_003", "arguments": {"output_column_name": "n", "sort": True, "target_columns": []}}
    definition = {
        "facets": [
            {"facet_id": "a", "name": "", **facet},
            {"facet_id": "b", "name": "x", **counted},
            {"facet_id": "c", "name": "x", **counted},
            {"facet_id": "d", "facet_uid": "O_005", "name": "x 2", "arguments": {"dataset_name": "n", **CSV}},
        ],
        "arrows": [
            {"source": "a", "destination": "b", "arguments": {}},
            {"source": "b", "destination": "c", "arguments": {}},
            {"source": "c", "destination": "d", "arguments": {}},
        ],
        "variables": {},
        "model_variables": {"kept": 1},
    }
    flow = app.flow.new("Counted").definition(definition).build()
    document = flow.document()
    assert list(document.facets) == ["facet", "x", "x 3", "x 2"]
    assert app.flow.new("Counted").definition(document).ensure().changes == ()


def test_a_dataset_that_is_gone_or_shares_its_name_has_no_name_to_write(
    app: App, flights: pd.DataFrame, document: dict[str, Any]
) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("Late").definition(document).build()
    other = app.dataset.new("other").df(flights).build().rename("flights")
    with pytest.raises(InvalidDefinitionError, match="one of several datasets that are named 'flights'"):
        flow.document()
    other.delete()
    dataset.delete()
    with pytest.raises(InvalidDefinitionError, match="dataset with the id .* does not exist"):
        flow.document()
