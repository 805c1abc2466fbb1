from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.local.specs import load_facet_specs, load_model_specs

MODEL_TYPES = [
    "Ai Cast",
    "Ai Llm",
    "Ai Match",
    "Ai Predict",
    "Anomaly Detection",
    "Change Point Detection",
    "Clustering",
    "Decision Trees",
    "Decomposition",
    "Dimensionality Reduction",
    "Embedding",
    "Estimators",
    "Gaussian Process",
    "Imputation",
    "Linear",
    "Llms",
    "Matrix Completion",
    "Naive Bayes",
    "Nearest Neighbors",
    "Reconciliation",
    "Supply Chain",
    "Svm",
    "Time Series",
    "Vectorizer",
]


def sub_model(model: str, name: str) -> dict[str, Any]:
    return next(entry for entry in load_model_specs()[model]["sub_model_types"] if entry["name"] == name)


def test_every_model_type_is_there_in_order() -> None:
    assert [spec["name"] for spec in load_model_specs().values()] == MODEL_TYPES


def test_lasso() -> None:
    lasso = sub_model("Linear", "Lasso")

    assert lasso["keywords"] == ["lasso", "linear"]
    assert lasso["metrics"]["feature_importance"] == {
        "0": {"name": "shapley"},
        "1": {"name": "permutation"},
        "2": {"name": "linear_base"},
    }
    assert lasso["metrics"]["performance"]["3"] == {
        "name": "accuracy",
        "parameters": {},
        "target_column_data_types": ["TEXT", "CATEGORICAL"],
    }
    assert [name for name, spec in lasso["parameters"].items() if not spec["is_hidden"]] == ["target_column"]
    shown = {name: spec["default_value"] for name, spec in lasso["hyperparameters"].items() if not spec["is_hidden"]}
    assert shown == {"alpha": 1}
    assert lasso["hyperparameters"]["fit_intercept"]["is_hidden"]


def test_ai_cast_has_the_settings_and_defaults_that_the_documentation_shows() -> None:
    base = sub_model("Ai Cast", "Base")

    assert list(base["parameters"]) == ["time_column", "identifier_columns", "value_column", "mode"]
    shown = {name: spec["default_value"] for name, spec in base["hyperparameters"].items() if spec["default_value"]}
    assert shown | {"models_to_include": None, "fine_tune": None} == {
        "type": "base",
        "hierarchical_type": "bottom_up",
        "models_to_include": None,
        "eval_method": "cv",
        "time_budget": 100,
        "computation_budget": 100,
        "best_model_only": True,
        "confidence": 0.7,
        "fine_tune": None,
        "fill_missing_values": "forward_fill",
        "drop_threshold": 0.9,
        "include_reals": True,
        "interval_to_predict": 10,
        "metric": "mean_absolute_percentage_error",
    }
    assert list(base["hyperparameters"]["fine_tune"]["children"]) == [
        "filter",
        "growth",
        "hyperparameters",
        "scaling",
        "sub_model_type",
    ]


def test_ai_llm_has_its_sub_models_in_order() -> None:
    assert [entry["name"] for entry in load_model_specs()["Ai Llm"]["sub_model_types"]] == [
        "Classification",
        "Regression",
        "Question Answer",
        "Custom",
        "Chat",
        "Summary",
        "Generate",
        "Flow Search",
    ]


def test_every_group_of_hyperparameters_is_an_argument_of_the_ai_cast_facet() -> None:
    groups = {spec["hyperparameter_group"] for spec in sub_model("Ai Cast", "Base")["hyperparameters"].values()}
    arguments = load_facet_specs()["MID"]["MACHINE_LEARNING"]["AI_CAST"]["facet_arguments"]

    assert groups == {"processing", "model_selection", "metrics"}
    assert {spec["name"]: spec["is_list"] for spec in arguments if spec["name"] in groups} == {
        "processing": False,
        "model_selection": False,
        "metrics": True,
    }


def settings_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found = [*spec["hyperparameters"].values()]
    for setting in found:
        found.extend(setting["children"].values())
    return found


@pytest.mark.parametrize("model", MODEL_TYPES)
def test_every_spec_has_all_that_clients_read(model: str) -> None:
    spec = load_model_specs()[model]

    assert spec["sub_model_types"]
    for entry in spec["sub_model_types"]:
        assert set(entry["metrics"]) == {"feature_importance", "performance"}
        for name, parameter in entry["parameters"].items():
            assert parameter["name"] == name
            assert parameter["parameter_type"] in {"BOOLEAN", "TEXT", "NUMBER"}
            assert parameter["have_options"] == bool(parameter["options"])
        for setting in settings_of(entry):
            assert setting["hyperparameter_type"] in {"MAP", "BOOLEAN", "TEXT", "NUMBER"}
            flags = {"have_options", "have_sub_hyperparameters", "is_deprecated", "is_required", "is_hidden", "is_list"}
            assert all(type(setting[flag]) is bool for flag in flags)
            numbers = setting["default_value"] if setting["is_list"] else [setting["default_value"]]
            if setting["hyperparameter_type"] == "NUMBER" and numbers is not None:
                assert all(value is None or type(value) in (int, float) for value in numbers)
        grouped = {setting["hyperparameter_group"] is None for setting in entry["hyperparameters"].values()}
        assert len(grouped) <= 1, "all of a model's hyperparameters have a group, or none"
