"""Models are made once and judged by what they learned; what is no longer wanted is deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from airflow.sdk import DAG, chain

from airflow_provider_ikigai.operators.delete import IkigaiDeleteOperator
from airflow_provider_ikigai.operators.model import IkigaiCheckModelOperator, IkigaiEnsureModelOperator
from ikigai_core import Dataset, FlowDefinition, Ikigai

R2 = "performance.r2.average_test"
GOOD = {R2: {"min": 0.9}}


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

    with DAG("ensure_model", schedule=None, default_args={"app": app, "model": "price", "retries": 3}) as dag:
        tasks = [
            IkigaiEnsureModelOperator(task_id=name, trigger_rule="all_done", **{"model_type": "Linear.Base", **more})
            for name, more in (
                ("create", {}),
                ("again", {}),
                ("describe", {"description": "by size"}),
                ("other_type", {"model_type": "Linear.Lasso"}),
                ("no_type", {"model_type": "Linear.Laso"}),
            )
        ]
        chain(*tasks, IkigaiCheckModelOperator(task_id="too_early", thresholds=GOOD, trigger_rule="all_done"))
    ensured = run_dag(dag)
    changes = [ensured.results[name]["changes"] for name in ("create", "again", "describe")]
    assert changes == [["created"], [], ["description"]]
    for says in (
        "a model's type cannot be changed",
        "Did you mean",
        "Model 'price' has no version yet: no flow has trained it",
    ):
        assert says in ensured.log

    home.flow.new("Learn").definition(learning(ikigai_client, dataset)).build().start().result()
    (version,) = home.models["price"].versions()
    complaints: dict[str, Any] = {
        "more than 0.1": {"thresholds": {R2: {"max": 0.1}}, "version": version},
        "less than 2": {"thresholds": {R2: {"min": 2}}, "version": version},
        "performance.r3 is missing. Did you mean": {"thresholds": {"performance.r3": {"min": 2}}},
        "has no bound 'least'": {"thresholds": {R2: {"least": 2}}},
        "is 'much', which is no number": {"thresholds": {R2: {"min": "much"}}},
        "has no version 'v99'.": {"thresholds": GOOD, "version": "v99"},
    }
    judging = {"app": app, "model": "price", "retries": 3}
    with DAG("judge", schedule=None, params={"least": 0.9}, default_args=judging) as dag:
        IkigaiCheckModelOperator(task_id="good", thresholds={R2: {"min": "{{ params.least }}", "max": 1}})
        for number, given in enumerate(complaints.values()):
            IkigaiCheckModelOperator(task_id=f"bad_{number}", **given)
    judged = run_dag(dag)
    states = {f"bad_{number}": "failed" for number in range(len(complaints))}
    assert judged.states == {**states, "good": "success"}, judged.log
    assert set(judged.tries.values()) == {1}
    assert 0.9 < judged.results["good"]["metrics"][R2] <= 1
    assert judged.results["good"]["version"] == version
    for says in complaints:
        assert says in judged.log

    with DAG("tidy_up", schedule=None, default_args={"app": app}) as dag:
        for kind, name in (("model", "price"), ("flow", "Learn"), ("dataset", "predicted"), ("dataset", "nothing")):
            IkigaiDeleteOperator(task_id=f"{kind}_{name}", **{kind: name})
    tidied = run_dag(dag)
    assert tidied.state == "success", tidied.log
    assert [bool(result["deleted"]) for result in tidied.results.values()].count(False) == 1
    assert (list(home.models()), list(home.flows()), list(home.datasets())) == ([], [], ["rows"])


def test_what_is_to_be_deleted_is_said_exactly(run_dag: Callable[..., Any], app: str) -> None:
    with DAG("unclear", schedule=None, default_args={"app": app, "retries": 3}) as dag:
        IkigaiDeleteOperator(task_id="nothing")
        IkigaiDeleteOperator(task_id="two", dataset="a", flow="b")
        IkigaiDeleteOperator(task_id="one_and_all", dataset="a", whole_app=True)
    ran = run_dag(dag)
    assert (set(ran.states.values()), set(ran.tries.values())) == ({"failed"}, {1})
    assert ran.log.count("AirflowFailException: Task '") == 3
    assert "give exactly one of dataset, flow, model, whole_app" in ran.log


def test_a_whole_app_is_deleted_where_that_is_said(
    run_dag: Callable[..., Any], app: str, ikigai_client: Ikigai
) -> None:
    with DAG("whole", schedule=None) as dag:
        IkigaiDeleteOperator(task_id="delete", app=app, whole_app=True)
    assert run_dag(dag).state == "success"
    assert app not in ikigai_client.apps()
    assert run_dag(dag).results == {"delete": {"deleted": None}}
