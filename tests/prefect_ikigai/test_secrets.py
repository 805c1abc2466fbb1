"""The API key is nowhere to be seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from prefect_ikigai import IkigaiCredentials, flow_status, run_flow


def test_the_key_reaches_neither_prefects_database_nor_a_log(
    saved_credentials: IkigaiCredentials,
    app: str,
    make_flow: Callable[..., Any],
    prefect_server: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    copy = make_flow(fails="no")

    @flow(persist_result=True)
    def run(block: IkigaiCredentials) -> None:
        flow_status.with_options(persist_result=True)(block, app, copy.name)
        run_flow.with_options(persist_result=True)(block, app, copy.name)

    with caplog.at_level(logging.DEBUG):
        state = run(saved_credentials, return_state=True)
    assert state.is_failed()
    prefect_server.logs(state.state_details.flow_run_id, until="Finished in state Failed")

    # The database holds everything that the API tells: blocks, flow runs, states, logs, events, artifacts.
    assert saved_credentials.api_key is not None
    key = saved_credentials.api_key.get_secret_value()
    database: Path = prefect_server.database
    stored = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    assert copy.app.encode() in stored and saved_credentials.user_email.encode() in stored
    assert key.encode() not in stored
    assert key not in caplog.text
    results = [file for file in prefect_server.results.rglob("*") if file.is_file()]
    assert results and not [file for file in results if key.encode() in file.read_bytes()]
