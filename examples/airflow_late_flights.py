"""Late flights: a CSV file goes to the Ikigai platform, a flow picks the late flights out of it, the result comes back.

Put this file into the folder of DAGs, with ``late_flights.yaml`` and ``data/flights.csv`` beside it, and tell Airflow
about the platform once::

    airflow connections add ikigai_default --conn-type ikigai --conn-login you@example.com --conn-password YOUR-API-KEY

Then run it: ``airflow dags trigger late_flights --conf '{"dataset": "late_today"}'``. Running it again is safe: an app,
a dataset or a flow that is there already is brought up to date, not made a second time.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir

from airflow.sdk import Param, dag, task

from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator

HERE = Path(__file__).parent
APP = "Late flights with Airflow"
FLOW = "Late flights"


@dag(
    schedule=None,
    params={
        "dataset": Param("late_flights", type="string", description="The dataset that the flow writes"),
        "output": Param(
            f"{gettempdir()}/late_flights.csv", type="string", description="Where the late flights are put"
        ),
    },
    doc_md=__doc__,
)
def late_flights() -> None:
    """Upload, build, run, fetch."""
    upload_flights = IkigaiUploadDatasetOperator(
        task_id="upload_flights", app=APP, dataset="flights", path=HERE / "data" / "flights.csv", create_app=True
    )

    # What the flow does is written in a file of its own, under version control like this one.
    ensure_flow = IkigaiEnsureFlowOperator(
        task_id="ensure_flow", app=APP, flow=FLOW, definition=HERE / "late_flights.yaml"
    )

    # The triggerer follows the run, so that no worker is kept waiting. A run that fails fails this task, and says why.
    run_flow = IkigaiRunFlowOperator(
        task_id="run_flow",
        app=APP,
        flow=FLOW,
        variables={"output": "{{ params.dataset }}"},
        timeout=timedelta(hours=1),
        deferrable=True,
    )

    download_late_flights = IkigaiDownloadDatasetOperator(
        task_id="download_late_flights",
        app=APP,
        dataset="{{ ti.xcom_pull('run_flow')['outputs'][0] }}",
        path="{{ params.output }}",
    )

    @task
    def show_first_rows(path: str) -> None:
        import pandas as pd

        print(pd.read_csv(path, nrows=5).to_string(index=False))

    first_rows = show_first_rows("{{ ti.xcom_pull('download_late_flights')['path'] }}")
    upload_flights >> ensure_flow >> run_flow >> download_late_flights >> first_rows


late_flights()
