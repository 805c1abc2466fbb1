"""AI Cast chooses among the forecasts that run here; `test_time_series_analysis` has what each of them tells."""

from __future__ import annotations

import math
from typing import Any

import pytest

from .models import Trained, records

PARAMETERS = {"time_column": "day", "value_column": "n", "identifier_columns": ["shop"]}
CHOICE = {"models_to_include": ["Additive", "Last_Interval", "Sma"]}


def shops() -> str:
    """In shop A, sales grow by two a day; in B they jump to another level, on which they stay."""
    rows = [f"2026-01-{day:02},A,{2 * day}\n2026-01-{day:02},B,{9 if day > 6 else 100}\n" for day in range(1, 21)]
    return "day,shop,n\n" + "".join(rows)


@pytest.fixture
def model(jobs: Any) -> Trained:
    return Trained(jobs, "MID.AI_CAST", "Ai Cast")


def cast(model: Trained, content: str, **arguments: Any) -> list[list[str | None]]:
    given = {"parameters": PARAMETERS, "model_selection": CHOICE, "metrics": [{"interval_to_predict": 2}], **arguments}
    ended = model.run((content, {"input_type": "primary"}), **given)
    assert ended.message == ""
    return [list(row.values()) for row in records(ended)]


def test_each_series_goes_on_by_the_model_that_did_best_on_it(model: Trained) -> None:
    rows = cast(model, shops())

    assert [row[:2] for row in rows] == [
        ["A", "2026-01-21"],
        ["A", "2026-01-22"],
        ["B", "2026-01-21"],
        ["B", "2026-01-22"],
    ]
    assert [float(row[2] or "nan") for row in rows] == pytest.approx([42.0, 44.0, 9.0, 9.0])


@pytest.mark.parametrize("method", ["cv", "holdout"])
def test_later_runs_use_what_was_chosen(jobs: Any, model: Trained, method: str) -> None:
    selection = {**CHOICE, "eval_method": method}
    cast(model, shops(), model_selection=selection)
    made = model.model["versions"]
    assert [version["name"] for version in made] == ["initial"]

    later = "day,shop,n\n2026-02-01,A,10\n2026-02-02,A,20\n2026-02-01,B,10\n2026-02-02,B,20\n"
    rows = cast(model, later, parameters={**PARAMETERS, "mode": "inference"}, model_selection=selection)
    assert [float(row[2] or "nan") for row in rows] == pytest.approx([30.0, 40.0, 20.0, 20.0])
    assert len(model.model["versions"]) == 1
    refused = model.refusal((shops(), {}), parameters=PARAMETERS)
    assert "is trained already" in refused


def test_a_version_has_the_figures_of_the_chosen_models(model: Trained) -> None:
    metrics = [{"interval_to_predict": 2}]
    ended = model.run((shops(), {}), parameters=PARAMETERS, model_selection=CHOICE, metrics=metrics)
    figures = ended.model_versions[0]["metrics"]["performance"]
    assert len(figures) == 4
    assert [figure["average_test"] for figure in figures.values()] == pytest.approx([0.0] * 4, abs=1e-6)


def test_values_can_be_kept_from_falling_below_zero(model: Trained) -> None:
    content = "day,n\n" + "".join(f"2026-01-{day:02},{20 - day}\n" for day in range(1, 21))
    given = {
        "parameters": {**PARAMETERS, "identifier_columns": []},
        "model_selection": {"models_to_include": ["Additive"]},
    }
    rows = cast(model, content, processing={"nonnegative": True}, **given)
    assert [float(row[1] or "nan") for row in rows] == [0.0, 0.0]


def test_missing_values_are_filled_as_asked(model: Trained) -> None:
    content = "day,n\n2026-01-01,1\n2026-01-02,\n2026-01-03,9\n2026-01-04,8\n"
    given = {"parameters": {**PARAMETERS, "identifier_columns": []}, "model_selection": {"models_to_include": ["Sma"]}}
    for fill, filled in {"forward_fill": 1, "mean": 6, "linear": 5, "zero": 0}.items():
        model.model["versions"] = []
        rows = cast(model, content, processing={"fill_missing_values": fill}, **given)
        assert float(rows[0][1] or "nan") == pytest.approx((filled + 17) / 3)
    model.model["versions"] = []
    assert cast(model, content, processing={"drop_threshold": 0.1}, **given) == []


def test_of_the_default_models_those_that_are_here_are_tried(model: Trained) -> None:
    rows = cast(model, shops(), model_selection={})
    assert float(rows[0][2] or "nan") == pytest.approx(42.0)
    assert not math.isnan(float(rows[2][2] or "nan"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"model_selection": {"models_to_include": ["Sma", "Sarimax"]}}, "names 'Sarimax'; the local platform runs"),
        ({"model_selection": {"confidence": 0.9}}, "does not know its hyperparameter 'confidence'"),
        ({"processing": {"type": "hierarchical"}}, "does not know its hyperparameter 'type'"),
        ({"processing": {"tpye": "base"}}, "no hyperparameter 'tpye'; did you mean 'type'?"),
        ({"metrics": [{}, {}]}, "its argument 'metrics' has 2 entries; the local platform knows one"),
        ({"parameters": {**PARAMETERS, "mode": "fine_tune"}}, "does not know the mode 'fine_tune'"),
        ({"parameters": {**PARAMETERS, "time_column": None}}, "it needs the parameter 'time_column'"),
    ],
)
def test_what_is_not_known_is_refused(model: Trained, arguments: dict[str, Any], reason: str) -> None:
    assert reason in model.refusal((shops(), {}), **{"parameters": PARAMETERS, **arguments})


def test_an_auxiliary_input_is_refused(model: Trained) -> None:
    inputs = ((shops(), {"input_type": "primary"}), (shops(), {"input_type": "auxiliary"}))
    assert "knows no auxiliary input" in model.refusal(*inputs, parameters=PARAMETERS)
