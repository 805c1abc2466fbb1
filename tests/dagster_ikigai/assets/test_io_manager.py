"""Frames that assets return and take, as datasets: of three libraries, with partitions, and what flows wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dagster_ikigai import IkigaiFlow, IkigaiIOManager, IkigaiWorkspace, build_ikigai_flow_assets
from ikigai_core import Ikigai

DAYS = dg.StaticPartitionsDefinition(["Mon", "Tue"])


def materialize(app: str, assets: Iterable[Any], instance: dg.DagsterInstance, **options: Any) -> Any:
    io_manager = IkigaiIOManager(workspace=IkigaiWorkspace(api_key=dg.EnvVar("IKIGAI_API_KEY")), app=app)
    return dg.materialize(
        list(assets),
        resources={"io_manager": io_manager, "ikigai_io": io_manager, "ikigai": IkigaiWorkspace()},
        instance=instance,
        **options,
    )


def test_frames_of_three_libraries_come_and_go(app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance) -> None:
    @dg.asset
    def of_pandas():  # type: ignore[no-untyped-def]
        return pd.DataFrame({"n": [1, 2]})

    @dg.asset(metadata={"ikigai/dataset": "Of polars"})
    def of_polars(of_pandas: pd.DataFrame):  # type: ignore[no-untyped-def]
        return pl.DataFrame({"n": [*of_pandas["n"], 3]})

    @dg.asset
    def of_arrow(of_polars: pl.DataFrame):  # type: ignore[no-untyped-def]
        return pa.table({"n": [*of_polars["n"], 4]})

    @dg.asset
    def nothing(of_arrow: pa.Table) -> None:
        assert of_arrow.column("n").to_pylist() == [1, 2, 3, 4]

    result = materialize(app, [of_pandas, of_polars, of_arrow, nothing], instance)
    datasets = ikigai_client.apps[app].datasets
    assert list(datasets["Of polars"].df()["n"]) == [1, 2, 3]
    event = next(event for event in result.get_asset_materialization_events() if event.asset_key.path[-1] == "of_arrow")
    assert event.materialization.metadata["dagster/row_count"].value == 4
    assert event.materialization.metadata["ikigai/dataset_id"].value == datasets["of_arrow"].dataset_id
    assert set(datasets()) == {"numbers", "of_pandas", "Of polars", "of_arrow"}


def test_text_stays_text_and_times_are_times(app: str, instance: dg.DagsterInstance) -> None:
    seen: dict[str, Any] = {}

    @dg.asset
    def codes():  # type: ignore[no-untyped-def]
        frame = pd.DataFrame({"code": ["01", "02"], "land": ["NA", "CH"], "n": [1, 2]})
        return frame.assign(at=pd.to_datetime(["2020-01-01", "2020-01-02"]))

    @dg.asset
    def lazy(codes: pl.LazyFrame):  # type: ignore[no-untyped-def]
        assert codes.collect_schema()["code"] == pl.String
        return codes.filter(pl.col("n") == 1)

    @dg.asset
    def last(codes: pd.DataFrame, lazy: pa.Table) -> None:
        seen.update(pandas=codes, arrow=lazy)

    assert materialize(app, [codes, lazy, last], instance).success
    assert list(seen["pandas"]["code"]) == ["01", "02"]
    assert list(seen["pandas"]["land"]) == ["NA", "CH"]
    assert seen["pandas"]["at"].dtype.kind == "M"
    assert seen["arrow"].select(["code", "n"]).to_pylist() == [{"code": "01", "n": 1}]


def test_a_frame_without_rows_is_refused_with_what_to_return(app: str, instance: dg.DagsterInstance) -> None:
    @dg.asset
    def nothing():  # type: ignore[no-untyped-def]
        return pl.LazyFrame({"n": []})

    with pytest.raises(dg.Failure, match="'nothing' returned a frame without rows.* Return None to leave"):
        materialize(app, [nothing], instance)


def test_a_file_that_an_asset_made_is_uploaded(
    app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    @dg.asset
    def written():  # type: ignore[no-untyped-def]
        pd.DataFrame({"n": [1, 2]}).to_parquet(tmp_path / "written.parquet")
        return tmp_path / "written.parquet"

    assert materialize(app, [written], instance).success
    assert list(ikigai_client.apps[app].datasets["written"].df()["n"]) == [1, 2]


def test_each_partition_is_a_dataset_and_several_are_a_dict(
    app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance
) -> None:
    @dg.asset(partitions_def=DAYS)
    def daily(context):  # type: ignore[no-untyped-def]
        return pd.DataFrame({"day": [context.partition_key]})

    @dg.asset(partitions_def=DAYS)
    def same(daily: pl.DataFrame):  # type: ignore[no-untyped-def]
        return daily

    @dg.asset
    def weekly(same: dict[str, pd.DataFrame]):  # type: ignore[no-untyped-def]
        return pd.concat(same.values())

    for day in ("Mon", "Tue"):
        materialize(app, [daily, same], instance, partition_key=day)
    materialize(app, [daily, same, weekly], instance, selection=[weekly])
    datasets = ikigai_client.apps[app].datasets
    assert list(datasets["daily Tue"].df()["day"]) == ["Tue"]
    assert list(datasets["weekly"].df()["day"]) == ["Mon", "Tue"]


def test_what_a_flow_wrote_is_loaded_partition_by_partition(
    app: str, scripted: Callable[..., IkigaiFlow], instance: dg.DagsterInstance
) -> None:
    flow = build_ikigai_flow_assets(scripted(), partitions_def=DAYS)
    [key] = flow.keys
    seen: list[int] = []

    @dg.asset(partitions_def=DAYS, ins={"numbers": dg.AssetIn(key, input_manager_key="ikigai_io")})
    def downstream(numbers: pd.DataFrame) -> None:
        seen.append(len(numbers))

    materialize(app, [flow, downstream], instance, partition_key="Tue")
    assert seen == [3]


def test_what_is_no_frame_or_has_no_app_is_said(app: str, instance: dg.DagsterInstance) -> None:
    @dg.asset
    def words():  # type: ignore[no-untyped-def]
        return "no frame"

    with pytest.raises(dg.Failure, match="arrow|Arrow"):
        materialize(app, [words], instance)

    @dg.asset
    def frame():  # type: ignore[no-untyped-def]
        return pd.DataFrame({"n": [1]})

    with pytest.raises(dg.Failure, match="Which app has the dataset of asset 'frame'"):
        materialize("", [frame], instance)
