"""Models are made once and judged by what they learned; what is no longer wanted is deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from airflow.sdk import DAG

from airflow_provider_ikigai.operators.delete import IkigaiDeleteOperator
from airflow_provider_ikigai.operators.model import IkigaiCheckModelOperator, IkigaiEnsureModelOperator
from ikigai_core import Dataset, FlowDefinition, Ikigai

R2 = "performance.r2.average_test"


def learning(ikigai: Ikigai, rows: Dataset) -> FlowDefinition:
    """The definition of a flow that trains the model ``price``."""
    types = ikigai.facet_types
    table = {"dataset_id": rows.dataset_id, "file_type": "csv", "header": True}
    predict = ikigai.builder.facet(types.INPUT.Imported, args=table).model_facet(
        types.MID.Predict, ikigai.model_types.Linear.Base, args={"model_name": "price"}
    )
    predict.parameters(target_column="price", mode="train")
    return predict.facet(types.OUTPUT.Exported, args={"dataset_name": "predicted", "file_type": "csv"}).build()


def test_a_model_is_ensured_trained_judged_and_deleted(
    run_dag: Callable[..., Any], app: str, ikigai_client: Ikigai
) -> None:
    home = ikigai_client.apps[app]
    rows = pd.DataFrame({"size": range(40), "price": [3.0 * size + size % 3 for size in range(40)]})
    dataset = home.dataset.new("rows").df(rows).build()

    def ensured(**more: Any) -> Any:
        with DAG("ensure_model", schedule=None) as dag:
            IkigaiEnsureModelOperator(
                task_id="ensure", app=app, model="price", **{"model_type": "Linear.Base", **more}, retries=3
            )
        return run_dag(dag)

    changes = [ensured(**more).results["ensure"]["changes"] for more in ({}, {}, {"description": "by size"})]
    assert changes == [["created"], [], ["description"]]
    assert "a model's type cannot be changed" in ensured(model_type="Linear.Lasso").log
    assert "Did you mean" in ensured(model_type="Linear.Laso").log

    def judged(**more: Any) -> Any:
        with DAG("judge", schedule=None, params={"least": 0.9}) as dag:
            IkigaiCheckModelOperator(
                task_id="judge", app=app, model="price", **{"thresholds": {R2: {"min": 0.9}}, **more}, retries=3
            )
        return run_dag(dag)

    assert "Model 'price' has no version yet: no flow has trained it" in judged().log
    home.flow.new("Learn").definition(learning(ikigai_client, dataset)).build().start().result()
    good = judged(thresholds={R2: {"min": "{{ params.least }}", "max": 1}})
    assert good.state == "success", good.log
    assert 0.9 < good.results["judge"]["metrics"][R2] <= 1
    version = good.results["judge"]["version"]
    for thresholds, says in (
        ({R2: {"max": 0.1}}, "more than 0.1"),
        ({R2: {"min": 2}}, "less than 2"),
        ({"performance.r3": {"min": 2}}, "performance.r3 is missing. Did you mean"),
        ({R2: {"least": 2}}, "has no bound 'least'"),
    ):
        bad = judged(thresholds=thresholds, version=version)
        assert (bad.states, bad.tries) == ({"judge": "failed"}, {"judge": 1})
        assert says in bad.log
    assert "has no version 'v99'." in judged(version="v99").log

    with DAG("tidy_up", schedule=None, default_args={"app": app}) as dag:
        for kind, name in (("model", "price"), ("flow", "Learn"), ("dataset", "predicted"), ("dataset", "nothing")):
            IkigaiDeleteOperator(task_id=f"{kind}_{name}", **{kind: name})
    tidied = run_dag(dag)
    assert tidied.state == "success", tidied.log
    assert [bool(result["deleted"]) for result in tidied.results.values()].count(False) == 1
    assert (list(home.models()), list(home.flows()), list(home.datasets())) == ([], [], ["rows"])


@pytest.mark.parametrize("given", [{}, {"dataset": "a", "flow": "b"}, {"dataset": "a", "whole_app": True}])
def test_what_is_to_be_deleted_is_said_exactly(run_dag: Callable[..., Any], app: str, given: dict[str, Any]) -> None:
    with DAG("unclear", schedule=None) as dag:
        IkigaiDeleteOperator(task_id="delete", app=app, retries=3, **given)
    ran = run_dag(dag)
    assert (ran.states, ran.tries) == ({"delete": "failed"}, {"delete": 1})
    assert "give exactly one of dataset, flow, model, whole_app" in ran.log


def test_a_whole_app_is_deleted_where_that_is_said(
    run_dag: Callable[..., Any], app: str, ikigai_client: Ikigai
) -> None:
    with DAG("whole", schedule=None) as dag:
        IkigaiDeleteOperator(task_id="delete", app=app, whole_app=True)
    assert run_dag(dag).state == "success"
    assert app not in ikigai_client.apps()
    assert run_dag(dag).results == {"delete": {"deleted": None}}
