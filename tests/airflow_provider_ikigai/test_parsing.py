"""What a DAG file with parts of this provider costs whoever parses it: little, and the platform nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.account import LocalAccount

pytestmark = pytest.mark.timeout(300)

EXAMPLES = Path(__file__).parents[2] / "examples"
MOST_MS = 100.0

# The same file with and without this provider's parts: its own imports and operators against empty ones.
PARTS = """
from airflow_provider_ikigai.decorators.ikigai_flow import ikigai_flow_task
from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from airflow_provider_ikigai.operators.delete import IkigaiDeleteOperator
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.operators.model import IkigaiCheckModelOperator, IkigaiEnsureModelOperator
from airflow_provider_ikigai.sensors.dataset import IkigaiDatasetUpdatedSensor
from airflow_provider_ikigai.sensors.flow import IkigaiFlowIdleSensor, IkigaiFlowRunSensor
from airflow_provider_ikigai.triggers.events import IkigaiDatasetChangedTrigger, IkigaiFlowRunFinishedTrigger
with DAG("parsed", schedule=None, default_args={"app": "An app"}):
    for n in range(5):
        IkigaiUploadDatasetOperator(task_id=f"up{n}", dataset="d", path="f.csv", create_app=True)
        IkigaiEnsureFlowOperator(task_id=f"ensure{n}", flow="f", definition="f.yaml")
        IkigaiRunFlowOperator(task_id=f"run{n}", flow="f", variables={"a": 1}, deferrable=True)
        IkigaiFlowIdleSensor(task_id=f"idle{n}", flow="f")
"""
EMPTY = """
from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.triggers.base import BaseEventTrigger
from airflow.sdk.bases.decorator import task_decorator_factory
with DAG("parsed", schedule=None, default_args={"app": "An app"}):
    for n in range(20):
        BaseOperator(task_id=f"empty{n}")
"""
# What warns is noted from the first of the parts on; the examples are parsed as Airflow parses them.
PROGRAM = """
import json, sys, time, warnings
import airflow.sdk
from airflow.sdk import DAG, BaseHook, BaseOperatorLink, BaseSensorOperator, task, conf
with DAG("what_airflow_needs_for_any", schedule=None):
    task(task_id="first")(lambda: None)()
{empty}
told = []
warnings.showwarning = lambda message, category, *_, **__: told.append((category.__name__, str(message)))
warnings.simplefilter("always")
before = set(sys.modules)
began = time.process_time()
{parts}
milliseconds = 1000 * (time.process_time() - began)
loaded = sorted(set(sys.modules) - before)
of_parts = list(told)
from airflow.dag_processing.dagbag import DagBag
told.clear()
bags = [DagBag(dag_folder=path) for path in {examples}]
dags = sorted(dag_id for bag in bags for dag_id in bag.dags)
errors = [dict(bag.import_errors) for bag in bags]
print(json.dumps([milliseconds, loaded, dags, errors, of_parts + told]))
"""
HEAVY = {"pandas", "numpy", "pyarrow", "requests", "httpx", "pydantic", "duckdb"}


def parsed() -> list[Any]:
    """What a process of its own says that parses the parts, and then all examples."""
    examples = [str(path) for path in sorted(EXAMPLES.glob("airflow_*.py"))]
    program = PROGRAM.format(empty=EMPTY, parts=PARTS, examples=examples)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_parsing_takes_little_time_loads_nothing_heavy_and_sends_no_request(ikigai_local: LocalAccount) -> None:
    before = ikigai_local.control.journal()
    # CPU time: what else the machine does is not its fault. What Airflow loads for the empty ones is loaded by then.
    for _ in range(3):
        milliseconds, loaded, dags, errors, told = parsed()
        if milliseconds < MOST_MS:
            break
    assert milliseconds < MOST_MS
    assert "airflow_provider_ikigai.operators.flow" in loaded
    assert not HEAVY & {module.partition(".")[0] for module in loaded}
    assert "ikigai_core.client" not in loaded

    assert {"late_flights", "ikigai_tour"} <= set(dags)
    assert not any(errors)
    assert [(kind, text) for kind, text in told if "Deprecat" in kind or "Future" in kind or "Removed" in kind] == []
    after = [request for request in ikigai_local.control.journal() if "airflow" in request.agent]
    assert after == [request for request in before if "airflow" in request.agent]
