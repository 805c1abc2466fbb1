"""Datasets of the platform in Prefect's lineage."""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import pytest
from prefect import flow

from ikigai_core import RunLog, errors
from ikigai_core.local.control import LocalControl
from ikigai_core.orchestration import OnBusy
from prefect_ikigai import (
    IkigaiCredentials,
    amaterialize_dataset,
    amaterialize_flow,
    dataset_asset,
    materialize_dataset,
    materialize_flow,
)
from prefect_ikigai.naming import asset_key
from tests.prefect_ikigai.servers import meanwhile

NUMBERS = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})
MATERIALIZED = "prefect.asset.materialization.succeeded"


def definition() -> dict[str, Any]:
    csv = {"file_type": "csv", "header": True}
    return {
        "facets": {
            "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": csv},
            "some": {
                "type": "MID.Filter",
                "after": "numbers",
                "arguments": {"column_name": "value", "condition": "greater_than", "value": "1"},
                "variables": {"threshold": "value"},
            },
            "out": {
                "type": "OUTPUT.Exported",
                "after": "some",
                "arguments": {**csv, "dataset_name": "some numbers"},
                "variables": {"output": "dataset_name"},
            },
        }
    }


def test_flows_and_uploads_materialize_assets_with_lineage(
    credentials: IkigaiCredentials, app: str, prefect_server: Any
) -> None:
    upload = materialize_dataset(app, "numbers", asset_deps=["s3://bucket/numbers.csv"])
    run = materialize_flow(app, "Some numbers", definition())

    @flow
    def nightly() -> RunLog:
        upload(credentials, NUMBERS)
        return run(credentials, {"threshold": "2"})

    log = nightly()
    (uploaded,) = prefect_server.events([MATERIALIZED], asset_key(app, "numbers"))
    (written,) = prefect_server.events([MATERIALIZED], asset_key(app, "some numbers"))
    assert uploaded["payload"]["row_count"] == 3 and uploaded["payload"]["columns"]["value"] == "NUMERIC"
    assert written["payload"]["row_count"] == 1 and written["payload"]["run_log_id"] == log.log_id
    upstream = {resource["prefect.resource.id"]: resource["prefect.resource.role"] for resource in written["related"]}
    assert upstream[asset_key(app, "numbers")] == "asset"
    assert upstream["ikigai"] == "asset-materialized-by"
    assert "s3://bucket/numbers.csv" in {resource["prefect.resource.id"] for resource in uploaded["related"]}


def test_the_async_versions_do_the_same(credentials: IkigaiCredentials, app: str, prefect_server: Any) -> None:
    upload = amaterialize_dataset(app, "numbers")
    run = amaterialize_flow(app, "Some numbers", definition(), variables={"output": "my numbers"}, isolation="copy")

    @flow
    async def nightly() -> None:
        await upload(credentials, NUMBERS)
        await run(credentials)

    asyncio.run(nightly())
    (written,) = prefect_server.events([MATERIALIZED], asset_key(app, "my numbers"))
    assert written["payload"]["row_count"] == 2


def test_assets_are_those_that_the_run_writes(credentials: IkigaiCredentials, app: str) -> None:
    run = materialize_flow(app, "Some numbers", definition())
    with pytest.raises(errors.InvalidInputError, match="materialize_flow\\(variables=…\\)"):
        run.fn(credentials, {"output": "somewhere else"})
    with pytest.raises(errors.InvalidDefinitionError, match="'Empty' writes no dataset whose name is known"):
        materialize_flow(app, "Empty", {"facets": {}})


def test_only_what_the_run_wrote_is_reported_as_materialized(
    credentials: IkigaiCredentials, app: str, control: LocalControl, prefect_server: Any
) -> None:
    @flow
    def nightly(on_busy: OnBusy = "wait") -> RunLog:
        return materialize_flow(app, "Some numbers", definition(), on_busy=on_busy)(credentials)

    def end_what_is_followed() -> None:
        following = prefect_server.await_flow_run_with(parameters={"on_busy": "attach"})
        prefect_server.logs(following.id, until="is running already and is followed")
        control.finish(platform_flow.flow_id)

    with credentials.get_client() as ikigai:
        ikigai.apps[app].dataset.new("numbers").df(NUMBERS).build()
        first = nightly()
        platform_flow = ikigai.apps[app].flows["Some numbers"]
        # Runs that write nothing; what is there was written long before the second one.
        control.outcome(platform_flow.flow_id, duration=3.0)
        platform_flow.start().wait()
        control.outcome(platform_flow.flow_id, duration=0.0)
        nightly()
        control.outcome(platform_flow.flow_id, duration=3600.0)
        platform_flow.start()
        with meanwhile(end_what_is_followed):
            state = nightly("attach", return_state=True)
        control.outcome(platform_flow.flow_id, engine=True)
        last = nightly()
    told = prefect_server.events([MATERIALIZED], asset_key(app, "some numbers"), 2)
    assert [event["payload"]["run_log_id"] for event in told] == [first.log_id, last.log_id]
    logged = prefect_server.logs(state.state_details.flow_run_id, until="Not reported as materialized")
    assert "it is not known what a run of somebody else wrote" in logged


@pytest.mark.parametrize(
    ("app", "dataset", "key"),
    [
        ("Late flights", "flights", "ikigai://late-flights/flights"),
        ("Façade/Ähnlich?", "a b.csv", "ikigai://facade-ahnlich/a-b-csv"),
        ("x" * 1000, "y" * 1000, f"ikigai://{'x' * 191}-44f83544/{'y' * 191}-7e33ae3f"),
    ],
)
def test_all_names_give_keys_that_prefect_takes(app: str, dataset: str, key: str) -> None:
    assert dataset_asset(app, dataset, owners=["ann"]).key == key
    assert dataset_asset("日本語 1", dataset).key != dataset_asset("中文 1", dataset).key
