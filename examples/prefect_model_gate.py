"""Train a model on the Ikigai platform, and continue only if it is good enough.

A flow of the platform learns how late flights arrive, and Prefect's flow holds the version that it made to a threshold
before anybody uses it. Save your credentials first, as ``prefect_late_flights.py`` says; then::

    python examples/prefect_model_gate.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from ikigai_core import FlowDefinition
from prefect_ikigai import IkigaiCredentials, check_model, ensure_flow, ensure_model, run_flow, upload_dataset

EXAMPLES = Path(__file__).parent
APP = "Delays with Prefect"
MODEL = "Delay"


@flow(log_prints=True)
def train(least_r2: float = 0.5) -> dict[str, Any]:
    """Train the model; fail if it explains less of the delays than this."""
    credentials = IkigaiCredentials.load("ikigai")
    upload_dataset(credentials, APP, "flights", EXAMPLES / "data" / "flights.csv", create_app=True)
    ensure_model(credentials, APP, MODEL, "Linear.Lasso", description="How late a flight arrives, in minutes")
    ensure_flow(credentials, APP, "Train", training(credentials))
    run_flow(credentials, APP, "Train")
    # Fails, and says by how much, where the model is not good enough: nothing below this line then runs.
    checked = check_model(credentials, APP, MODEL, {"performance.r2.average_test": {"min": least_r2}})
    print(f"Version {checked['version']} may be used: {checked['metrics']}")
    return checked


def training(credentials: IkigaiCredentials) -> FlowDefinition:
    """The definition of the flow that trains, made with the client's builder."""
    with credentials.get_client() as ikigai:
        facets, lasso = ikigai.facet_types, ikigai.model_types.find("Linear.Lasso")
        flights = ikigai.builder.facet(facets.INPUT.Imported, "flights").arguments(
            dataset_id=ikigai.apps[APP].datasets["flights"].dataset_id,
            file_type="csv",
            header=True,
            use_raw_file=False,
        )
        learn = flights.model_facet(facets.MID.Predict, lasso, "delay").arguments(model_name=MODEL)
        learn.parameters(target_column="arr_delay").hyperparameters(alpha=0.1)
        return (
            learn.facet(facets.OUTPUT.Exported, "out")
            .arguments(dataset_name="predicted delays", file_type="csv", header=True)
            .build()
        )


if __name__ == "__main__":
    train()
