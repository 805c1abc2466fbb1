"""What a DAG file with parts of this provider costs whoever parses it: little, and the platform nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
TIMED = """
import json, sys, time
import airflow.sdk
from airflow.sdk import DAG, BaseHook, BaseOperatorLink, BaseSensorOperator, task, conf
with DAG("what_airflow_needs_for_any", schedule=None):
    task(task_id="first")(lambda: None)()
{empty}
before = set(sys.modules)
began = time.process_time()
{parts}
print(json.dumps([1000 * (time.process_time() - began), sorted(set(sys.modules) - before)]))
"""
HEAVY = {"pandas", "numpy", "pyarrow", "requests", "httpx", "pydantic", "duckdb"}


def printed(program: str, **environment: str) -> str:
    """The last line that a program prints; a deprecation that it causes ends it."""
    command = [sys.executable, "-W", "error::DeprecationWarning:airflow_provider_ikigai", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return done.stdout.splitlines()[-1]


def test_a_dag_file_with_these_parts_takes_hardly_longer_than_with_empty_ones_and_loads_nothing_heavy() -> None:
    # CPU time: what else the machine does is not its fault. What Airflow loads for the empty ones is loaded by then.
    program = TIMED.format(empty=EMPTY, parts=PARTS)
    for _ in range(3):
        milliseconds, loaded = json.loads(printed(program))
        if milliseconds < MOST_MS:
            break
    assert milliseconds < MOST_MS
    assert "airflow_provider_ikigai.operators.flow" in loaded
    assert not HEAVY & {module.partition(".")[0] for module in loaded}

    assert "ikigai_core.client" not in loaded


def test_no_request_is_sent_and_no_deprecated_name_used(ikigai_local: LocalAccount) -> None:
    before = ikigai_local.control.journal()
    program = f"""
import warnings
told = []
warnings.showwarning = lambda message, category, *_, **__: told.append((category.__name__, str(message)))
warnings.simplefilter("always")
import json
from airflow.dag_processing.dagbag import DagBag
told.clear()
bags = [DagBag(dag_folder=path) for path in {[str(path) for path in sorted(EXAMPLES.glob("airflow_*.py"))]}]
dags = sorted(dag_id for bag in bags for dag_id in bag.dags)
print(json.dumps([dags, [dict(bag.import_errors) for bag in bags], told]))
"""
    dags, errors, told = json.loads(printed(program))
    assert {"late_flights", "ikigai_tour"} <= set(dags)
    assert not any(errors)
    assert [(kind, text) for kind, text in told if "Deprecat" in kind or "Future" in kind or "Removed" in kind] == []
    after = [request for request in ikigai_local.control.journal() if "airflow" in request.agent]
    assert after == [request for request in before if "airflow" in request.agent]
