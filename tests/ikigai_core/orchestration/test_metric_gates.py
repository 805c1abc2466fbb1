"""Gates on metrics have one form, refuse what they cannot mean, and say in a sentence how each came out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ikigai_core.errors import InvalidInputError
from ikigai_core.orchestration import MetricGates, flat_metrics

METRICS = {
    "performance": {"r2": {"average_test": 0.52, "average_train": 1}, "f1.macro": 0.9, "flag": True, "none": None},
    "feature_importance": {"shapley": {"dep_delay": float("nan"), "word": "high"}},
}


def said(metric: str, **bounds: Any) -> tuple[bool, str]:
    (result,) = MetricGates.read({metric: bounds}).check(METRICS)
    assert str(result) == result.sentence
    assert result.metric == metric
    return result.is_passed, str(result)


def test_each_gate_says_how_it_came_out() -> None:
    r2 = "performance.r2.average_test"
    assert said(r2, min=0.6) == (False, f"{r2} is 0.52, less than 0.6")
    assert said(r2, max=0.5) == (False, f"{r2} is 0.52, more than 0.5")
    assert said(r2, min=0.5, max=0.9) == (True, f"{r2} is 0.52, as it should be: at least 0.5 and at most 0.9")
    assert said(r2, min=0.52, max=0.52)[0]
    assert said("performance.r2.average_train", min=1)[0]
    assert said("performance.f1.macro", min=np.float64(0.8))[0]


def test_what_is_no_number_does_not_pass() -> None:
    assert said("performance.flag", max=2) == (False, "performance.flag is True, which is no number")
    assert said("performance.none", min=0) == (False, "performance.none is None, which is no number")
    assert said("feature_importance.shapley.word", min=0)[0] is False
    assert said("feature_importance.shapley.dep_delay", min=0, max=1) == (
        False,
        "feature_importance.shapley.dep_delay is nan, which is no number",
    )


def test_a_metric_that_is_missing_does_not_pass_and_is_told_the_nearest() -> None:
    passed, sentence = said("performance.r2.average_tets", min=0)
    assert not passed
    assert sentence == "performance.r2.average_tets is missing. Did you mean 'performance.r2.average_test'?"
    assert not said("performance.r2", min=0)[0]
    (result,) = MetricGates.read({"r2": {"min": 0}}).check({})
    assert (result.value, result.is_passed) == (None, False)


def test_results_come_in_the_order_of_the_gates_with_their_values() -> None:
    gates = MetricGates.read({"performance.f1.macro": {"min": 0.5}, "performance.r2.average_test": {"min": 0.6}})
    results = gates.check(METRICS)
    assert [(result.value, result.is_passed) for result in results] == [(0.9, True), (0.52, False)]


def test_flat_metrics_are_those_that_gates_name() -> None:
    flat = flat_metrics(METRICS)
    assert flat == {
        "performance.r2.average_test": 0.52,
        "performance.r2.average_train": 1.0,
        "performance.f1.macro": 0.9,
    }
    gates = MetricGates.read({name: {"min": value} for name, value in flat.items()})
    assert all(result.is_passed for result in gates.check(flat))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"m": {"min": "0.6"}}, "'min' of the gate of 'm' is '0.6', which is no number"),
        ({"m": {"min": True}}, "'min' of the gate of 'm' is True, which is no number"),
        ({"m": {"max": float("nan")}}, "'max' of the gate of 'm' is nan, which is no number"),
        ({"m": {"minimum": 1}}, "The gate of 'm' has no bound 'minimum'. Did you mean 'min'?"),
        ({"m": {"min": 1, 5: 2}}, "The gate of 'm' has no bound 5. Known: 'max', 'min'."),
        ({"m": {"min": 2, "max": 1}}, "The gate of 'm' lets nothing pass: its 'min' is larger than its 'max'"),
        ({"m": {}}, "The gate of 'm' lets everything pass: give 'min', 'max' or both"),
        ({"m": {"min": None}}, "The gate of 'm' lets everything pass"),
        ({"m": (0.6, None)}, "The gate of 'm' is (0.6, None): write it as"),
        ({"m": 0.6}, "The gate of 'm' is 0.6: write it as"),
        ({5: {"min": 0.6}}, "The metric of a gate is 5: write it as"),
        ({}, "There are no gates: write it as"),
        ([("m", {"min": 1})], "There are no gates: write it as"),
    ],
)
def test_gates_that_cannot_be_meant_are_refused_by_name(given: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        MetricGates.read(given)
    assert str(caught.value).startswith(text)
