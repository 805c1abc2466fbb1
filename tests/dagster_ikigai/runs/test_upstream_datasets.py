"""A flow reads what the asset upstream of it has really written: the dataset of its partition, or of its variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import (
    FlowSettings,
    IkigaiAppState,
    IkigaiFlow,
    IkigaiWorkspace,
    build_ikigai_asset_checks,
    build_ikigai_assets_definitions,
    build_ikigai_flow_assets,
)
from ikigai_core import Ikigai
from tests.dagster_ikigai.assets.materializing import failure_of, materialize

READ = {"file_type": "csv", "header": True}
BOUNDS = dg.StaticPartitionsDefinition(["1", "2"])
SOURCE = {"source": "dataset_id"}


def above(app: str, name: str, reads: str, writes: str, source: dict[str, str] | None = None) -> IkigaiFlow:
    """A flow that keeps what is above a bound, a run variable."""
    facets = {
        "in": {"type": "INPUT.Imported", "dataset": reads, "arguments": READ, "variables": source or {}},
        "above": {
            "type": "MID.Filter",
            "after": "in",
            "arguments": {"column_name": "value", "condition": "greater_than", "value": "0"},
            "variables": {"bound": "value"},
        },
        "out": {
            "type": "OUTPUT.Exported",
            "after": "above",
            "arguments": {"dataset_name": writes, **READ},
            "variables": {"output": "dataset_name"},
        },
    }
    return IkigaiFlow(app, name, {"facets": facets})


@pytest.fixture
def first(app: str) -> dg.AssetsDefinition:
    """Writes ``mid 1`` and ``mid 2``, of two rows and of one."""
    flow = above(app, "First", "numbers", "mid")
    return build_ikigai_flow_assets(flow, partitions_def=BOUNDS, partition_variable="bound")


@pytest.fixture
def mid(app: str, ikigai_client: Ikigai) -> None:
    """An old dataset with the name in the definition: what must not be read."""
    ikigai_client.apps[app].dataset.new("mid").data(_frame([9, 9, 9, 9])).build()


def _frame(values: list[int]) -> Any:
    import pandas as pd

    return pd.DataFrame({"name": [str(value) for value in values], "value": values})


@pytest.mark.usefixtures("mid")
def test_a_partition_is_made_of_the_same_partition_upstream(
    app: str, first: dg.AssetsDefinition, instance: dg.DagsterInstance
) -> None:
    second = build_ikigai_flow_assets(above(app, "Second", "mid", "end", SOURCE), partitions_def=BOUNDS)
    for key, rows in (("1", 2), ("2", 1)):
        result, recorded = materialize(first, second, instance=instance, partition_key=key)
        assert result.success
        assert recorded["end"]["dagster/row_count"] == rows
    result, recorded = materialize(first, second, instance=instance, partition_key="1", selection=list(second.keys))
    assert recorded["end"]["dagster/row_count"] == 2


@pytest.mark.usefixtures("mid")
def test_a_flow_that_cannot_be_told_the_partition_starts_nothing(
    app: str, first: dg.AssetsDefinition, instance: dg.DagsterInstance, ikigai_client: Ikigai
) -> None:
    options: list[tuple[dict[str, str] | None, dict[str, Any], str]] = [
        (None, {"partitions_def": BOUNDS}, "`variables: {source: dataset_id}`"),
        (SOURCE, {}, "this step depends on 2 of its partitions"),
    ]
    for source, partitions, says in options:
        second = build_ikigai_flow_assets(above(app, "Second", "mid", "end", source), **partitions)
        chosen = {"partition_key": "1"} if partitions else {}
        result, _ = materialize(first, second, instance=instance, selection=list(second.keys), **chosen)
        assert says in failure_of(result)
    assert "Second" not in ikigai_client.apps[app].flows()


def test_flows_of_one_graph_that_do_not_fit_are_refused_when_they_load(
    app: str, ikigai_client: Ikigai, requests_sent: Callable[[], int]
) -> None:
    flows = [above(app, "First", "numbers", "mid"), above(app, "Second", "mid", "end")]
    says = r"imports dataset 'mid', but the upstream asset '\w+/mid' writes 'mid \{partition\}'"
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=says):
        build_ikigai_assets_definitions(flows, settings=FlowSettings(partitions_def=BOUNDS))
    fitting = [flows[0], above(app, "Second", "mid", "end", SOURCE)]
    build_ikigai_assets_definitions(fitting, settings=FlowSettings(partitions_def=BOUNDS))

    other = {"First": FlowSettings(variables={"output": "other"})}
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="writes 'other'"):
        build_ikigai_assets_definitions(flows, flow_settings=other)

    ikigai_client.apps[app].dataset.new("mid").data(_frame([1])).build()
    for flow in flows:
        ikigai_client.apps[app].flow.new(flow.name).definition(flow.definition).build()
    state = IkigaiAppState.read(IkigaiWorkspace(), app)
    shown = build_ikigai_assets_definitions(state, flow_settings=other)
    by_key = {next(iter(asset.keys)).path[-1]: asset for asset in shown}
    assert {name: asset.is_executable for name, asset in by_key.items()} == {"mid": True, "end": False}
    assert all("writes 'other'" in spec.metadata["ikigai/fault"] for spec in by_key["end"].specs)


@pytest.mark.usefixtures("mid")
def test_what_a_constant_variable_names_is_read_and_checked_downstream(app: str, instance: dg.DagsterInstance) -> None:
    first = build_ikigai_flow_assets(above(app, "First", "numbers", "mid"), variables={"output": "other", "bound": 2})
    second = build_ikigai_flow_assets(above(app, "Second", "mid", "end", SOURCE))
    result, recorded = materialize(first, second, *build_ikigai_asset_checks([first]), instance=instance)
    assert recorded["end"]["dagster/row_count"] == 1
    told = {check.check_name: check.description for check in result.get_asset_check_evaluations()}
    assert told["upload"] == "It was not uploaded, but written by a flow."
    assert told["row_count"] == "There are 1 rows."
