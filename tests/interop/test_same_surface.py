"""What the released client's objects offer, ours offer too: names, parameters and defaults, kinds of values."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any

import ikigai as released
import ikigai.components
import pandas as pd
import pytest
from pydantic import BaseModel

import ikigai_core as ours
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

FRAME = pd.DataFrame({"name": ["Alice", "Bob"], "age": [25, 30]})
NOT_OFFERED = {
    # It is told a client's inner object, and every facet type is made by the client.
    ("facet type", "validate_arguments"),
    ("custom facet type", "validate_arguments"),
    ("custom facet type", "from_facet_type"),
    ("custom facet version", "from_dict"),
    ("facet types", "from_dict"),
    ("facet types", "ChainGroup"),
    ("model types", "from_dict"),
    ("model types", "from_list"),
    ("model type", "from_dict"),
    ("sub-model type", "from_dict"),
    # Ours takes the app's id from the data.
    ("model version", "from_dict"),
    # The default of an argument, public by accident.
    ("client", "ssl"),
    # pydantic's own checks, public by accident.
    ("custom facet argument", "validate_value"),
    ("schedule", "validate_time"),
    ("flow", "validate_schedule"),
    ("custom facet", "validate_arguments"),
    ("custom facet version", "validate_arguments"),
    ("chain group", "validate_lowercase_keys"),
    ("chain group", "root"),
    ("model types", "root"),
    ("sub-model type", "validate_parameters"),
    ("sub-model type", "validate_hyperparameters"),
    ("hyperparameter", "validate_sub_hyperparameter_requirements"),
}


def held(client: ModuleType, account: LocalAccount) -> dict[str, Any]:
    """What a user of a client holds in the course of a day."""
    ikigai = client.Ikigai(account.user_email, account.api_key, account.url)
    types, models = ikigai.facet_types, ikigai.model_types
    app = ikigai.app.new("Surface").build()
    folders = {
        "app directory": ikigai.app_directory.new("apps").build(),
        "dataset directory": app.dataset_directory.new("datasets").build(),
        "flow directory": app.flow_directory.new("flows").build(),
        "model directory": app.model_directory.new("models").build(),
    }
    dataset = app.dataset.new("people").df(FRAME).build()
    model = app.model.new("Ages").model_type(models.Linear.Lasso).build()
    custom = (
        ikigai.custom_facet.new("Older", facet_type=types.MID.CUSTOM_FACET)
        .script("result = data", arguments={"years": 1})
        .build()
    )
    version = custom.create_version("first")
    builder = ikigai.builder
    first = builder.facet(types.INPUT.IMPORTED, "people").arguments(
        dataset_id=dataset.dataset_id, file_type="csv", header=True
    )
    predicted = first.model_facet(types.MID.PREDICT, models.Linear.Lasso).arguments(model_name="Ages")
    predicted = predicted.hyperparameters(alpha=0.1).parameters(target_column="age")
    older = predicted.custom_facet(version)
    last = older.facet(types.OUTPUT.EXPORTED, "out").arguments(dataset_name="told", file_type="csv", header=True)
    definition = last.variables(told="dataset_name").build()
    flow = app.flow.new("Predict").definition(definition).schedule("15 3 * * *").build()
    log = flow.run()
    assert log.status == "SUCCESS", log
    trained = model.versions()
    cast = models.AI_CAST.Base
    return {
        "client": ikigai,
        "app": app,
        "app builder": ikigai.app,
        "apps": ikigai.apps,
        "app access": app.access,
        "app directory builder": ikigai.app_directory,
        **folders,
        "dataset": dataset,
        "dataset builder": app.dataset,
        "datasets": app.datasets,
        "dataset directory builder": app.dataset_directory,
        "column": dataset.data_types["age"],
        "flow": flow,
        "flow builder": app.flow,
        "flows": app.flows,
        "flow directory builder": app.flow_directory,
        "schedule": flow.schedule,
        "run log": log,
        "status report": flow.status(),
        "model": model,
        "model builder": app.model,
        "models": app.models,
        "model directory builder": app.model_directory,
        "model version": trained["initial"],
        "custom facet": custom,
        "custom facet builder": ikigai.custom_facet,
        "custom facets": ikigai.custom_facets,
        "custom facet access": custom.access,
        "custom facet version": version,
        "custom facet argument": custom.arguments["years"],
        "custom facet type": version.facet_type,
        "facet types": types,
        "chain group": types.MID,
        "facet type": types.MID.UNION,
        "argument": types.INPUT.IMPORTED.facet_arguments["data_types"],
        "model types": models,
        "model type": models.Linear,
        "sub-model type": cast,
        "parameter": cast.parameters["time_column"],
        "hyperparameter": cast.hyperparameters["time_budget"],
        "definition builder": builder,
        "facet builder": first,
        "model facet builder": predicted,
        "custom facet facet builder": older,
        "definition": definition,
        "facet": definition.facets[0],
        "arrow": definition.arrows[0],
        "variable": definition.variables["told"],
        "mapping": trained,
    }


@pytest.fixture(scope="module")
def both(platform: LocalPlatform) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    holdings = []
    for client in (released, ours):
        with LocalAccount.fresh(platform) as account, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            holdings.append(held(client, account))
    yield holdings[0], holdings[1]
    holdings[1]["client"].close()


WORDS = [
    "client",
    "app",
    "app builder",
    "apps",
    "app access",
    "app directory",
    "app directory builder",
    "dataset",
    "dataset builder",
    "datasets",
    "dataset directory",
    "dataset directory builder",
    "column",
    "flow",
    "flow builder",
    "flows",
    "flow directory",
    "flow directory builder",
    "schedule",
    "run log",
    "status report",
    "model",
    "model builder",
    "models",
    "model directory",
    "model directory builder",
    "model version",
    "custom facet",
    "custom facet builder",
    "custom facets",
    "custom facet access",
    "custom facet version",
    "custom facet argument",
    "custom facet type",
    "facet types",
    "chain group",
    "facet type",
    "argument",
    "model types",
    "model type",
    "sub-model type",
    "parameter",
    "hyperparameter",
    "definition builder",
    "facet builder",
    "model facet builder",
    "custom facet facet builder",
    "definition",
    "facet",
    "arrow",
    "variable",
    "mapping",
]


def public_names(thing: Any) -> list[str]:
    """What a class and its instance have, apart from what pydantic gives every model."""
    names = {name for kind in type(thing).__mro__ for name in vars(kind)} | set(getattr(thing, "__dict__", {}))
    names -= set(dir(BaseModel)) | {"model_config", "get", "keys", "items", "values"}
    return sorted(name for name in names if not name.startswith("_"))


def differing_parameters(theirs: Any, own: Any) -> list[str]:
    """Parameters that the released client takes and ours does not, or not in the same way."""
    their_parameters = inspect.signature(theirs).parameters
    own_parameters = inspect.signature(own).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in own_parameters.values())
    found = []
    for position, (name, parameter) in enumerate(their_parameters.items()):
        same = own_parameters.get(name)
        if parameter.kind is parameter.VAR_KEYWORD:
            found += [] if takes_any else [f"**{name}"]
        elif same is None:
            found.append(name)
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD and (
            same.kind is not same.POSITIONAL_OR_KEYWORD or list(own_parameters).index(name) != position
        ):
            found.append(f"{name} as number {position + 1}")
        elif parameter.default is not parameter.empty and same.default is same.empty:
            found.append(f"{name} left out")
        elif _said(parameter.default) != _said(same.default):
            found.append(f"{name}={parameter.default!r}")
    return found


def _said(default: Any) -> Any:
    """A default, as far as it can be compared: False and None both say no, nothing or everything."""
    return None if default in (None, "", False, inspect.Parameter.empty) else default


def kind_of(value: Any) -> Any:
    """What a value is, seen from outside."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | datetime | None):
        return type(value).__name__
    if isinstance(value, Mapping):
        return "mapping"
    return type(value).__name__ if isinstance(value, int | float | list) else "object"


@pytest.mark.parametrize("word", WORDS)
def test_what_is_held_offers_the_same(both: tuple[dict[str, Any], dict[str, Any]], word: str) -> None:
    theirs, own = both[0][word], both[1][word]
    missing, different = [], []
    for name in public_names(theirs):
        if (word, name) in NOT_OFFERED:
            continue
        if not hasattr(own, name):
            missing.append(name)
            continue
        their_value, own_value = getattr(theirs, name), getattr(own, name)
        if inspect.ismethod(their_value) or inspect.isfunction(their_value):
            different += [f"{name}({found})" for found in differing_parameters(their_value, own_value)]
        elif kind_of(their_value) not in (kind_of(own_value), "object"):
            different.append(f"{name} is a {kind_of(own_value)}, not a {kind_of(their_value)}")
    assert (missing, different) == ([], [])


def test_nothing_that_is_held_is_left_out(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert set(both[0]) == set(both[1]) == set(WORDS)


@pytest.mark.parametrize("module", [released, ikigai.components])
def test_what_can_be_imported_can_be_imported_from_ours(module: ModuleType) -> None:
    assert [name for name in module.__all__ if not hasattr(ours, name)] == []


def test_constructing_takes_the_same() -> None:
    theirs = [name for name in inspect.signature(released.Ikigai).parameters if not name.startswith("_")]
    own = inspect.signature(ours.Ikigai).parameters
    assert theirs == list(own)[: len(theirs)] == ["user_email", "api_key", "base_url", "ssl"]
    assert own["ssl"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
