"""What contradicts itself is said when the DAG is parsed; what is known only then is left to the run."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest
from airflow.sdk import DAG, task

from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from ikigai_core.errors import InvalidInputError
from ikigai_core.orchestration import StartOptions


def given(**arguments: Any) -> IkigaiRunFlowOperator:
    return IkigaiRunFlowOperator(task_id="run", app="An app", flow="A flow", **arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"isolation": "private"}, "isolation is 'private': choose 'shared' or 'copy'"),
        ({"on_doubt": "ignore"}, "on_doubt is 'ignore': choose 'fail' or 'accept'"),
        ({"on_busy": "queue"}, "on_busy is 'queue': choose 'wait', 'attach' or 'fail'"),
        ({"isolation": "copy", "on_busy": "attach"}, "a private copy has none"),
        (
            {"unique_output": "output", "variables": {"other": "x"}},
            "unique_output is 'output', but there is no such run variable",
        ),
        ({"timeout": "5"}, "timeout is '5': give a number of seconds"),
        ({"timeout": -1}, "timeout is -1: give seconds from 0 on"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        given(**arguments)


def test_what_is_known_only_to_the_run_is_left_to_it() -> None:
    with DAG("left", schedule=None):

        @task
        def variables() -> dict[str, str]:
            return {"output": "mine"}

        operator = given(
            isolation="{{ params.isolation }}",
            on_doubt="{{ params.on_doubt }}",
            unique_output="output",
            variables=variables(),
        )
    assert {"isolation", "on_doubt", "unique_output"} <= set(operator.template_fields)


def test_the_operator_takes_the_options_of_all_orchestrators() -> None:
    taken = inspect.signature(IkigaiRunFlowOperator.__init__).parameters
    for option in fields(StartOptions):
        assert (taken[option.name].default, option.name) == (option.default, option.name)
