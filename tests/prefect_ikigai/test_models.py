"""Models are brought about, trained by a flow, and held to what is expected of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import pytest
from prefect import flow

from ikigai_core import FlowDefinition, errors
from prefect_ikigai import (
    IkigaiCredentials,
    acheck_model,
    aensure_model,
    check_model,
    ensure_flow,
    ensure_model,
    run_flow,
    upload_dataset,
)
from prefect_ikigai.errors import ThresholdMissed

PRICES = pd.DataFrame({"area": range(40), "price": [3.0 * area + 1 for area in range(40)]})
R2 = "performance.r2.average_test"


def training(credentials: IkigaiCredentials, app: str) -> FlowDefinition:
    with credentials.get_client() as ikigai:
        facets, lasso = ikigai.facet_types, ikigai.model_types.find("Linear.Lasso")
        numbers = ikigai.builder.facet(facets.INPUT.Imported, "prices").arguments(
            dataset_id=ikigai.apps[app].datasets["prices"].dataset_id, file_type="csv", header=True
        )
        predict = numbers.model_facet(facets.MID.Predict, lasso, "price").arguments(model_name="Prices")
        predict.parameters(target_column="price").hyperparameters(alpha=0.1)
        return predict.facet(facets.OUTPUT.Exported, "out").arguments(dataset_name="predicted").build()


def test_a_gate_lets_good_models_through_and_no_others(credentials: IkigaiCredentials, app: str) -> None:
    @flow
    def train() -> list[dict[str, Any]]:
        upload_dataset(credentials, app, "prices", PRICES)
        ensured = [ensure_model(credentials, app, "Prices", "Linear.Lasso") for _ in range(2)]
        with pytest.raises(errors.InvalidInput, match="no flow has trained it yet"):
            check_model(credentials, app, "Prices", {R2: {"min": 0.9}})
        ensure_flow(credentials, app, "Train", training(credentials, app))
        run_flow(credentials, app, "Train")
        return [*ensured, check_model(credentials, app, "Prices", {R2: {"min": 0.9, "max": 1.0}})]

    created, again, checked = train()
    assert (created["changes"], again["changes"]) == (["created"], [])
    assert checked["metrics"][R2] > 0.9 and checked["version"] == "initial"

    @flow
    async def gate() -> None:
        await aensure_model(credentials, app, "Prices", "Linear.Lasso", description="What a house costs")
        await acheck_model(credentials, app, "Prices", {R2: {"max": 0.5}, "performance.nonsense": {"min": 1}})

    with pytest.raises(ThresholdMissed, match=r"r2.average_test is .*, more than 0.5; performance.nonsense is not"):
        asyncio.run(gate())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"thresholds": {R2: {"least": 1}}}, "give 'min', 'max' or both"),
        ({"thresholds": {R2: {"min": 1}}, "version": "second"}, "no version 'second'"),
    ],
)
def test_gates_that_make_no_sense_are_refused(
    arguments: dict[str, Any], complaint: str, credentials: IkigaiCredentials, app: str
) -> None:
    ensure_model.fn(credentials, app, "Prices", "Linear.Lasso")
    with pytest.raises(errors.InvalidInput, match=complaint):
        check_model.fn(credentials, app, "Prices", **arguments)
    with pytest.raises(errors.UnknownModelType, match="Lasso"):
        ensure_model.fn(credentials, app, "Prices", "Linear.Laso")
