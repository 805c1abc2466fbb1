"""Every part of the Airflow provider at work on one app: operators, sensors, decorators, assets and event triggers.

Put this file into the folder of DAGs, with ``late_flights.yaml`` and ``data/flights.csv`` beside it, and add a
connection ``ikigai_default`` (see ``airflow_late_flights.py``, which shows the main job alone). Unpause all of its DAGs
and run ``airflow dags trigger ikigai_tour``: the others start by themselves, when something has happened.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from airflow.sdk import AssetAlias, AssetWatcher, Param, dag, task

from airflow_provider_ikigai.assets import dataset_asset
from airflow_provider_ikigai.hooks.ikigai import IkigaiHook
from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from airflow_provider_ikigai.operators.delete import IkigaiDeleteOperator
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.operators.model import IkigaiCheckModelOperator, IkigaiEnsureModelOperator
from airflow_provider_ikigai.sensors.dataset import IkigaiDatasetUpdatedSensor
from airflow_provider_ikigai.sensors.flow import IkigaiFlowIdleSensor, IkigaiFlowRunSensor
from airflow_provider_ikigai.triggers.events import IkigaiDatasetChangedTrigger, IkigaiFlowRunFinishedTrigger

HERE = Path(__file__).parent
APP = "Tour with Airflow"


@dag(
    schedule=None,
    default_args={"app": APP, "retries": 2, "retry_delay": timedelta(seconds=5)},
    params={"output": Param(f"{gettempdir()}/ikigai_tour.parquet", type="string")},
    doc_md=__doc__,
)
def ikigai_tour() -> None:
    """Data in, flows built and run in several ways, a model judged, results out, and something tidied up."""

    @task.ikigai_upload(dataset="flights", create_app=True)
    def flights() -> Any:
        import pandas as pd

        return pd.read_csv(HERE / "data" / "flights.csv")

    # An object storage path that Airflow knows would be s3://my_aws_conn@bucket/flights.csv.
    upload_copy = IkigaiUploadDatasetOperator(
        task_id="upload_copy", dataset="flights copy", path=f"file://{HERE}/data/flights.csv"
    )
    late = IkigaiEnsureFlowOperator(task_id="late", flow="Late flights", definition=HERE / "late_flights.yaml")
    model = IkigaiEnsureModelOperator(task_id="model", model="arrival delay", model_type="Linear.Base")

    # For everything else the hook hands out the client: here it builds a flow that learns how late flights arrive.
    @task
    def learning() -> list[str]:
        with IkigaiHook().get_conn() as ikigai:
            app, types = ikigai.apps[APP], ikigai.facet_types
            table = {"dataset_id": app.datasets["flights"].dataset_id, "file_type": "csv", "header": True}
            table["use_raw_file"] = False
            complete = ikigai.builder.facet(types.INPUT.Imported, args=table).facet(
                types.MID.Python, args={"script": "result = data[['dep_delay', 'distance', 'arr_delay']].dropna()"}
            )
            learn = complete.model_facet(
                types.MID.Predict, ikigai.model_types.Linear.Base, args={"model_name": "arrival delay"}
            ).parameters(target_column="arr_delay", mode="retrain_inference")
            output = {"dataset_name": "predicted_delays", "file_type": "csv", "header": True}
            definition = learn.facet(types.OUTPUT.Exported, args=output).build()
            return list(app.flow.new("Learn delays").definition(definition).ensure().changes)

    # The output's name is the run's own: what another run writes stays as it is.
    @task.ikigai_flow(
        flow="Late flights", deferrable=True, on_busy="wait", outlets=[AssetAlias("late flights of each run")]
    )
    def run_late(dag_run: Any = None) -> dict[str, Any]:
        return {"output": f"late_flights_{dag_run.run_after:%Y%m%dT%H%M%S}"}

    # The datasets that the definition names are the task's inlets and outlets.
    run_again = IkigaiRunFlowOperator(
        task_id="run_again", flow="Late flights", definition=HERE / "late_flights.yaml", on_busy="wait"
    )

    # Started here, awaited there.
    start_learning = IkigaiRunFlowOperator(task_id="start_learning", flow="Learn delays", wait_for_termination=False)
    learned = IkigaiFlowRunSensor(
        task_id="learned", flow="Learn delays", flow_run=start_learning.output, deferrable=True, poke_interval=2
    )
    idle = IkigaiFlowIdleSensor(task_id="idle", flow="Learn delays", poke_interval=2)
    good_enough = IkigaiCheckModelOperator(
        task_id="good_enough",
        model="arrival delay",
        thresholds={"performance.r2.average_test": {"min": 0.5, "max": 1}},
    )
    predicted = IkigaiDatasetUpdatedSensor(
        task_id="predicted", dataset="predicted_delays", since="{{ dag_run.start_date }}", poke_interval=2
    )
    download = IkigaiDownloadDatasetOperator(
        task_id="download", dataset="{{ ti.xcom_pull('run_late')['outputs'][0] }}", path="{{ params.output }}"
    )
    tidy = IkigaiDeleteOperator(task_id="tidy", dataset="flights copy")

    data = flights()
    data >> [upload_copy, late, model]
    [upload_copy, predicted] >> tidy
    late >> run_late() >> download >> run_again
    [data, model] >> learning() >> start_learning >> learned >> idle >> [good_enough, predicted]


# -- DAGs that the platform starts -------------------------------------------------------------------------------------

delays = dataset_asset(
    APP,
    "predicted_delays",
    watchers=[
        AssetWatcher(
            name="the delays were learned",
            trigger=IkigaiFlowRunFinishedTrigger(app=APP, flow="Learn delays", poll_interval=2),
        )
    ],
)
# An asset with watchers is defined once: a second definition without them, as inlet or outlet, would take them away.
copy_asset = dataset_asset(
    APP,
    "flights copy",
    watchers=[
        AssetWatcher(
            name="the copy changed",
            trigger=IkigaiDatasetChangedTrigger(app=APP, dataset="flights copy", poll_interval=2),
        )
    ],
)


@dag(schedule=[delays])
def ikigai_delays_were_learned() -> None:
    """Starts when a run of the flow has ended, no matter who started it."""

    @task
    def look(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        return [event.extra for event in triggering_asset_events[delays]]

    look()


@dag(schedule=[copy_asset])
def ikigai_copy_changed() -> None:
    """Starts when the dataset has changed, no matter who changed it."""

    @task
    def look(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        return [event.extra for event in triggering_asset_events[copy_asset]]

    look()


ikigai_tour()
ikigai_delays_were_learned()
ikigai_copy_changed()
