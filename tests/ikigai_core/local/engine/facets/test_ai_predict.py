"""AI Predict trains the models that scikit-learn has, keeps the best, and tells how good they are."""

from __future__ import annotations

import random
from typing import Any

import pytest

from .models import Trained, records

PRIMARY, HOLDOUT = {"input_type": "primary"}, {"input_type": "holdout"}
FEW: dict[str, Any] = {"models_to_include": ["linear"], "n_splits": 2}
OUTPUTS = ("predictions", "feature_importance_metrics", "performance_metrics")


def table(rows: int = 40, seed: int = 1) -> str:
    """Prices are 3 n + 50 where east; the column `empty` has a value in one of twenty rows."""
    chance = random.Random(seed)
    lines = []
    for number in range(rows):
        n, side = chance.uniform(0, 100), chance.choice(["east", "west"])
        price = 3 * n + (50 if side == "east" else 0)
        lines.append(f"{n:.3f},{side},{'' if number % 20 else 'x'},{price:.3f},{'yes' if n > 50 else 'no'}")
    return "\n".join(["n,side,empty,price,late", *lines]) + "\n"


@pytest.fixture
def model(jobs: Any) -> Trained:
    return Trained(jobs, "MID.AI_PREDICT", "Ai Predict")


def test_the_best_model_predicts_and_all_are_judged(model: Trained) -> None:
    two = ["linear", "extra_trees"]
    settings = {**FEW, "models_to_include": two, "feature_importance_metrics": ["estimator_base", "permutation"]}
    parameters = {"target_column": "price"}
    ended = model.run((table(), {}), outputs=OUTPUTS, parameters=parameters, hyperparameters=settings)

    assert ended.message == ""
    told = records(ended, "predictions")
    assert len(told) == 40
    assert all(float(row["predicted_price"] or 0) == pytest.approx(float(row["price"] or 0), abs=1) for row in told)
    judged = records(ended, "performance_metrics")
    assert [(row["model"], row["metric"]) for row in judged][::3] == [("linear", "r2"), ("extra_trees", "r2")]
    assert float(judged[0]["average_test"] or 0) > 0.99 > float(judged[3]["average_test"] or 1)
    weights = records(ended, "feature_importance_metrics")
    assert {row["metric"] for row in weights} == {"estimator_base", "permutation"}
    # `late` follows from n; a column that is nearly empty is dropped.
    assert {row["column"] for row in weights} == {"n", "side", "late"}
    made = ended.model_versions[0]
    assert made["hyperparameters"]["best_model"] == "linear"
    assert made["metrics"]["performance"]["r2"]["average_test"] == pytest.approx(float(judged[0]["average_test"] or 0))


def test_a_version_is_used_later_and_not_trained_by_accident(model: Trained) -> None:
    first = model.run((table(), {}), outputs=OUTPUTS, parameters={"target_column": "late"}, hyperparameters=FEW)
    later = model.run((table(5, seed=2), {}), outputs=OUTPUTS, parameters={"mode": "inference"})

    assert later.model_versions == []
    told = records(later, "predictions")
    assert [row["predicted_late"] for row in told] == [row["late"] for row in told]
    assert {row["late"] for row in told} == {"no", "yes"}
    assert records(later, "performance_metrics") == records(first, "performance_metrics")
    assert "is trained already" in model.refusal((table(), {}), outputs=OUTPUTS, parameters={"target_column": "late"})


def test_a_holdout_is_what_models_are_judged_by(model: Trained) -> None:
    inputs = ((table(20, seed=3), HOLDOUT), (table(), PRIMARY))
    parameters = {"target_column": "late"}
    ended = model.run(*inputs, outputs=OUTPUTS, parameters=parameters, hyperparameters=FEW)

    assert ended.message == ""
    assert len(records(ended, "predictions")) == 40
    accuracies = [float(row["average_test"] or 0) for row in records(ended, "performance_metrics")][::2]
    assert all(round(20 * accuracy, 6) == round(20 * accuracy) for accuracy in accuracies)
    assert min(accuracies) > 0.8


def test_of_the_default_models_those_that_are_here_are_trained(model: Trained) -> None:
    ended = model.run(
        (table(12), {}), outputs=OUTPUTS, parameters={"target_column": "price"}, hyperparameters={"n_splits": 2}
    )

    assert ended.message == ""
    assert {row["model"] for row in records(ended, "performance_metrics")} == {"random_forest"}


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"models_to_include": ["categorical_boosting", "linear"]}, "names 'categorical_boosting'; the local platform"),
        ({"models_to_include": "linear"}, "hyperparameter 'models_to_include' must be a list, not 'linear'"),
        ({"models_to_include": ["tree"]}, "cannot be 'tree'"),
        ({"feature_importance_metrics": ["shapley"]}, "names 'shapley'"),
        ({"explain_predictions": True}, "does not know its hyperparameter 'explain_predictions'"),
        ({"fill_missing_values": {"NUMERIC": "zero"}}, "does not know its hyperparameter 'fill_missing_values'"),
        (
            {"optimization_metric": "accuracy", **FEW},
            "the optimization_metric is 'accuracy'; for this target it can be r2",
        ),
        ({"drop_threshold": -1}, "each column lacks more values than drop_threshold allows"),
    ],
)
def test_what_is_not_known_is_refused(model: Trained, hyperparameters: dict[str, Any], reason: str) -> None:
    parameters = {"target_column": "price"}
    said = model.refusal((table(8), {}), outputs=OUTPUTS, parameters=parameters, hyperparameters=hyperparameters)
    assert reason in said


def test_a_model_of_another_type_is_refused(jobs: Any) -> None:
    said = Trained(jobs, "MID.AI_PREDICT", "Linear").refusal((table(8), {}), outputs=OUTPUTS)
    assert "model 'mine' is Linear Base; this facet needs a model of the type Ai Predict" in said
