"""Tasks of all orchestrators return the same plain values about components."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from ikigai_core import App, Model, ModelVersion
from ikigai_core.orchestration import MetricGates, ModelCheck, component_result, ensured_result

TIMES = {"created_at": 1767225600, "modified_at": 1767225600}
MODEL = {"project_id": "a", "model_id": "m", "name": "Delays", "model_type": "Linear", "sub_model_type": "Lasso"}
VERSION = {"project_id": "a", "model_id": "m", "version_id": "v1", "version": "first"}


def checked(gates: dict[str, Any]) -> ModelCheck:
    model = Model.from_dict({**MODEL, **TIMES}, None)
    version = ModelVersion.from_dict({**VERSION, **TIMES, "metrics": {"r2": 0.5, "rmse": 3}}, None)
    return ModelCheck.of(model, version, MetricGates.read(gates))


def test_a_component_is_told_by_its_id_and_name(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).ensure()
    assert ensured_result(dataset) == {
        "app_id": app.app_id,
        "dataset_id": dataset.dataset_id,
        "dataset": "flights",
        "changes": ["created"],
    }
    flow = app.flow.new("late").build()
    assert component_result(flow) == {"app_id": app.app_id, "flow_id": flow.flow_id, "flow": "late"}


def test_a_check_tells_each_metric_that_misses_its_bounds() -> None:
    missed = checked({"r2": {"min": 0.6}, "rmse": {"max": 5}, "rmsd": {"max": 5}})
    assert not missed.is_passed
    assert missed.message == (
        "Version first of model 'Delays': r2 is 0.5, less than 0.6; rmsd is missing. Did you mean 'rmse'?"
    )


def test_a_check_that_is_passed_tells_all_metrics() -> None:
    passed = checked({"r2": {"min": 0.4}, "rmse": {"max": 5}})
    assert passed.is_passed
    assert passed.message.startswith("Version first of model 'Delays': r2 is 0.5, as it should be: at least 0.4; rmse")
    assert json.loads(json.dumps(passed.to_dict())) == {
        "app_id": "a",
        "model_id": "m",
        "model": "Delays",
        "version": "first",
        "version_id": "v1",
        "metrics": {"r2": 0.5, "rmse": 3.0},
    }
