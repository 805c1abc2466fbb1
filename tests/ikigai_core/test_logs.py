"""Log records have what a vendor's support asks for as fields, and nothing that is secret."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, get_type_hints

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, errors
from ikigai_core.local.account import LocalAccount
from ikigai_core.logs import PREFIX, Fields, fields

KEY = "a-key-that-nobody-may-see"


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    return {name.removeprefix(PREFIX): value for name, value in vars(record).items() if name.startswith(PREFIX)}


def test_what_was_asked_of_what_is_in_fields_and_nothing_else_is(
    app: App, ikigai_local: LocalAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dataset = app.dataset.new("secret name").df(pd.DataFrame({"column": ["secret value"]})).build()
    dataset.df()

    async def same() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            await (await (await ikigai.apps[app.name]).datasets["secret name"]).df()

    asyncio.run(same())
    with pytest.raises(errors.NotFoundError) as caught:
        app.datasets["nowhere"]
    own = [record for record in caplog.records if record.name.startswith("ikigai_core.")]
    seen = [fields_of(record) for record in own]
    assert {name for each in seen for name in each} <= set(get_type_hints(Fields))
    created = next(each for each in seen if each.get("path") == "/component/create-dataset")
    assert (created["method"], created["status"], created["app_id"]) == ("POST", 200, app.app_id)
    assert any(each.get("part") == 1 and each["size"] > 0 for each in seen)
    refused = next(record for record in own if getattr(record, f"{PREFIX}status", 0) == 404)
    assert refused.levelno == logging.INFO
    assert getattr(refused, f"{PREFIX}request_id") == caught.value.request_id != ""
    everything = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    for secret in (ikigai_local.api_key, "secret value", "signature="):
        assert secret not in everything


def test_a_run_can_be_told_by_its_log_id(
    app: App, ikigai_local: LocalAccount, caplog: pytest.LogCaptureFixture
) -> None:
    flow = app.flow.new("Late flights").build()
    ikigai_local.control.outcome(flow=flow.flow_id, status="FAILED", duration=0)
    caplog.set_level(logging.INFO, "ikigai_core")
    log = flow.start().wait(timeout=60)
    seen = [fields_of(record) for record in caplog.records if record.name.startswith("ikigai_core.runs.")]
    about = {"app_id": app.app_id, "flow_id": flow.flow_id}
    assert seen == [about, {**about, "run_log_id": log.log_id, "run_status": "FAILED"}]


def test_only_what_is_allowed_gets_into_a_record() -> None:
    assert fields(app_id="1", request_id="", api_key=KEY) == {f"{PREFIX}app_id": "1"}  # type: ignore[call-arg]
