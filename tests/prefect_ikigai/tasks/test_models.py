"""Models are brought about, trained by a flow, and held to what is expected of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prefect import flow

from ikigai_core import errors
from prefect_ikigai import IkigaiCredentials, acheck_model, aensure_model, check_model, ensure_model
from prefect_ikigai.failures import ThresholdMissedError

R2 = "performance.r2.average_test"


def test_a_gate_lets_good_models_through_and_no_others(saved_credentials: IkigaiCredentials, load_example: Any) -> None:
    example = load_example("prefect_model_gate")
    checked = example.train()
    assert 0.5 < checked["metrics"][R2] <= 1 and checked["version"] == "initial"

    @flow
    async def gate() -> None:
        model = (saved_credentials, example.APP, example.MODEL)
        ensured = await aensure_model(*model, "Linear.Lasso", description="Delays")
        assert ensured["changes"] == ["description"]
        thresholds = {R2: {"max": 0.1}, "performance.nonsense": {"min": 1}}
        await acheck_model(*model, thresholds, version="initial")

    with pytest.raises(ThresholdMissedError, match="is .*, more than 0.1; performance.nonsense is missing"):
        asyncio.run(gate())


def test_gates_that_make_no_sense_are_refused(credentials: IkigaiCredentials, app: str) -> None:
    ensure_model.fn(credentials, app, "Prices", "Linear.Lasso")
    with pytest.raises(errors.InvalidInputError, match="no bound 'least'"):
        check_model.fn(credentials, app, "Prices", {R2: {"least": 1}})
    with pytest.raises(errors.UnknownNameError, match="no flow has trained it"):
        check_model.fn(credentials, app, "Prices", {R2: {"min": 1}}, version="second")
    with pytest.raises(errors.UnknownModelTypeError, match="Lasso"):
        ensure_model.fn(credentials, app, "Prices", "Linear.Laso")
