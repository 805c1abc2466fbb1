"""Where the key may be: in the credentials block, encrypted, and nowhere else."""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from prefect import flow
from pydantic import SecretStr

from ikigai_core import FlowStatus
from ikigai_core.orchestration import UnusableFieldError
from prefect_ikigai import IkigaiCredentials, IkigaiDataset, IkigaiFlow, IkigaiFlowRun, flow_status, run_flow


def key_of(credentials: IkigaiCredentials) -> str:
    assert credentials.api_key is not None
    return credentials.api_key.get_secret_value()


def assert_kept_nowhere(key: str, server: Any) -> None:
    """Search the server's database and the storage of results."""
    # The database holds everything that the API tells: blocks, flow runs, states, logs, events, artifacts.
    stored = b"".join(file.read_bytes() for file in server.database.parent.glob(f"{server.database.name}*"))
    assert key.encode() not in stored
    results = [file for file in server.results.rglob("*") if file.is_file()]
    assert results and not [file for file in results if key.encode() in _unfolded(file)]


def _unfolded(file: Path) -> bytes:
    """What a file with a result says, also if that is a pickle in base64."""
    parts = [file.read_bytes()]
    for part in parts[0].replace(b"\\n", b"").split(b'"'):
        with contextlib.suppress(binascii.Error):
            parts.append(base64.b64decode(part, validate=True))
    return b"".join(parts)


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
    assert key_of(saved_credentials) not in caplog.text
    assert_kept_nowhere(key_of(saved_credentials), prefect_server)


@pytest.mark.parametrize("serializer", ["pickle", "json"])
def test_results_and_parameters_that_are_kept_hold_no_key_and_can_be_used(
    saved_credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any, serializer: str
) -> None:
    copy = make_flow()

    @flow(persist_result=True, result_serializer=serializer)
    def hand_over(block: IkigaiCredentials) -> IkigaiCredentials:
        return block

    @flow(persist_result=True)
    def trigger() -> IkigaiFlowRun:
        return IkigaiFlow(credentials=IkigaiCredentials.load("ikigai"), app=app, flow=copy.name).trigger()

    @flow
    def follow(run: Any) -> FlowStatus:
        run.wait_for_completion()
        return run.fetch_result().status

    hand_over(IkigaiCredentials.load("ikigai"))
    # The parameters of a task that waits for a worker are kept until then.
    flow_status.delay(IkigaiCredentials.load("ikigai"), app, copy.name)
    kept = trigger(return_state=True)
    assert_kept_nowhere(key_of(saved_credentials), prefect_server)
    result = prefect_server.flow_run(kept.state_details.flow_run_id).state.result()
    assert follow(result) is FlowStatus.SUCCESS


def test_pickles_hold_no_key_and_say_what_to_do_without_it(credentials: IkigaiCredentials, app: str) -> None:
    proxied = credentials.model_copy(update={"proxy": SecretStr("http://bob:a-password@127.0.0.1:1")})
    for kept in (
        proxied,
        IkigaiFlow(credentials=proxied, app=app, flow="a"),
        IkigaiDataset(credentials=proxied, app=app, dataset="a"),
    ):
        for text in (pickle.dumps(kept), cloudpickle.dumps(kept)):
            assert key_of(credentials).encode() not in text and b"a-password" not in text
    unpickled = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(credentials))))
    with pytest.raises(UnusableFieldError, match="api_key is not in the pickle of a block: save the block"):
        unpickled.get_client()
    credentials.save("pickled", overwrite=True)
    with pickle.loads(pickle.dumps(credentials)).get_client() as ikigai:
        assert app in ikigai.apps()
