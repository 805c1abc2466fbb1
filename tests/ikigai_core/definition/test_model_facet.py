"""Model facets: the model's settings are checked against its type and put where the platform looks for them."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.local.specs import load_model_specs
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes


@pytest.fixture(scope="session")
def model_types() -> ModelTypes:
    """The model types as the local platform describes them."""
    return ModelTypes(load_model_specs())


def predict(facet_types: FacetTypes, model_types: ModelTypes) -> Any:
    return FlowDefinitionBuilder().model_facet(facet_types.MID.PREDICT, model_types.Linear.Lasso)


def test_settings_are_nested_in_the_arguments(facet_types: FacetTypes, model_types: ModelTypes) -> None:
    facet = (
        predict(facet_types, model_types)
        .arguments(model_name="my-model", model_version="initial")
        .hyperparameters(alpha=0.1, fit_intercept=True)
        .parameters(target_column="delay")
    )
    assert facet.build().facets[0].arguments == {
        "model_name": "my-model",
        "model_version": "initial",
        "hyperparameters": {"alpha": 0.1, "fit_intercept": True},
        "parameters": {"target_column": "delay"},
    }


def test_grouped_hyperparameters_are_held_by_their_groups(facet_types: FacetTypes, model_types: ModelTypes) -> None:
    facet = (
        FlowDefinitionBuilder()
        .model_facet(facet_types.MID.AI_CAST, model_types.AI_CAST.Base)
        .hyperparameters(type="base", time_budget=50)
        .hyperparameters(eval_method="cv", interval_to_predict=5)
        .hyperparameters(metric="mean_squared_error")
    )
    arguments = facet.build().facets[0].arguments
    assert arguments["processing"] == {"type": "base"}
    assert arguments["model_selection"] == {"time_budget": 50, "eval_method": "cv"}
    assert arguments["metrics"] == [{"interval_to_predict": 5, "metric": "mean_squared_error"}]


@pytest.mark.parametrize(
    ("setting", "values", "kind", "says"),
    [
        ("hyperparameters", {"alhpa": 1}, ValueError, "Hyperparameter 'alhpa' is not valid for Lasso models"),
        ("hyperparameters", {"alpha": "much"}, TypeError, "must be numeric"),
        ("parameters", {"target": "x"}, ValueError, "Parameter 'target' is not valid for Lasso models"),
        ("parameters", {"target_column": 1}, TypeError, "must be string"),
    ],
)
def test_a_wrong_setting_is_named(
    facet_types: FacetTypes,
    model_types: ModelTypes,
    setting: str,
    values: dict[str, Any],
    kind: type[Exception],
    says: str,
) -> None:
    with pytest.raises(kind, match=says):
        getattr(predict(facet_types, model_types), setting)(**values)


def test_a_facet_without_a_model_is_no_model_facet(facet_types: FacetTypes, model_types: ModelTypes) -> None:
    with pytest.raises(ValueError, match="Count is not a known Model Facet"):
        FlowDefinitionBuilder().model_facet(facet_types.MID.COUNT, model_types.Linear.Lasso)


def test_a_model_without_hyperparameters_takes_none(facet_types: FacetTypes, model_types: ModelTypes) -> None:
    facet = FlowDefinitionBuilder().model_facet(facet_types.MID.PREDICT, model_types.AI_LLM.Classification)
    with pytest.raises(RuntimeError, match="does not support hyperparameters"):
        facet.hyperparameters(alpha=1)


def test_an_unknown_model_type_offers_the_nearest(model_types: ModelTypes) -> None:
    with pytest.raises(AttributeError, match="Did you mean 'Linear'"):
        model_types.Lniear  # noqa: B018 - the look-up is what is tried
    with pytest.raises(AttributeError, match="Did you mean 'Lasso'"):
        model_types.find("Linear.Laso")
