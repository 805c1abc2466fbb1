"""Data go up from, and come down as, whatever people hold them in."""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ikigai_core import App, AsyncIkigai, errors
from ikigai_core.local.account import LocalAccount
from ikigai_core.transfer import reading

CSV = (
    "id,share,name,is_late,at,day\n"
    '1,0.5,"a, b",True,2024-03-01 10:00:00,2024-03-01\n'
    '2,,"the ""red"" eye",False,2024-03-01 10:00:00.250000,\n'
    "3,1e-07,,,,2024-03-02\n"
    ",2.0,Zürich,True,2024-03-02 00:00:00,2024-03-03\n"
)


@pytest.fixture
def table() -> pa.Table:
    stamp = datetime.datetime(2024, 3, 1, 10)
    return pa.table(
        {
            "id": pa.array([1, 2, 3, None], pa.int64()),
            "share": pa.array([0.5, None, 1e-7, 2.0]),
            "name": ["a, b", 'the "red" eye', None, "Zürich"],
            "is_late": [True, False, None, True],
            "at": pa.array(
                [stamp, stamp.replace(microsecond=250_000), None, datetime.datetime(2024, 3, 2)], pa.timestamp("us")
            ),
            "day": pa.array([datetime.date(2024, 3, 1), None, datetime.date(2024, 3, 2), datetime.date(2024, 3, 3)]),
        }
    )


def text_of(dataset: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return str(dataset.to_csv(Path(folder) / "data.csv").read_text())


@pytest.mark.parametrize(
    "held",
    [
        lambda table: table,
        lambda table: table.to_reader(max_chunksize=2),
        lambda table: pl.from_arrow(table),
        lambda table: pl.from_arrow(table).with_columns(pl.col("name").cast(pl.Categorical)),
        lambda table: duckdb.connect().from_arrow(table),
        lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    ],
    ids=["pyarrow", "stream", "polars", "polars categories", "duckdb", "pandas"],
)
def test_whatever_has_an_arrow_stream_can_be_uploaded(app: App, table: pa.Table, held: Any) -> None:
    data = held(table)
    if not hasattr(data, "__arrow_c_stream__"):
        pytest.skip("this release of pandas has no Arrow streams")
    assert text_of(app.dataset.new("data").arrow(data).build()) == CSV


def test_a_parquet_file_is_uploaded_and_downloaded(app: App, table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=2)
    dataset = app.dataset.new("data").parquet(tmp_path / "data.parquet").build()
    assert text_of(dataset) == CSV
    assert dataset.to_parquet(tmp_path / "new" / "again.parquet") == tmp_path / "new" / "again.parquet"
    again = pq.read_table(tmp_path / "new" / "again.parquet")
    assert again.schema.types == [
        pa.int64(),
        pa.float64(),
        pa.string(),
        pa.bool_(),
        pa.timestamp("ns"),
        pa.date32(),
    ]
    assert again.cast(table.schema) == table
    assert dataset.arrow().select(["id", "share", "name"]) == table.select(["id", "share", "name"])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["again.parquet"]


def test_the_index_that_pandas_keeps_in_parquet_is_left_out(app: App, tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2]}, index=[7, 8]).to_parquet(tmp_path / "data.parquet")
    assert text_of(app.dataset.new("data").parquet(tmp_path / "data.parquet").build()) == "a\n1\n2\n"


def test_files_behind_urls_are_read_and_written(app: App, table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "data.parquet")
    (tmp_path / "data.csv").write_text(CSV)
    for source in (
        app.dataset.new("csv").csv(f"file://{tmp_path}/data.csv"),
        app.dataset.new("parquet").parquet(f"file://{tmp_path}/data.parquet"),
    ):
        assert text_of(source.build()) == CSV
    dataset = app.datasets["csv"]
    assert dataset.to_csv(f"file://{tmp_path}/down.csv") == f"file://{tmp_path}/down.csv"
    assert (tmp_path / "down.csv").read_text() == CSV
    dataset.to_parquet(f"file://{tmp_path}/down.parquet")
    assert pq.read_table(tmp_path / "down.parquet").num_rows == 4


def test_a_url_that_cannot_be_read_is_an_error_without_its_secrets(app: App, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv' does not exist"):
        app.dataset.new("d").csv(f"file://{tmp_path}/nowhere.csv").build()
    with pytest.raises(errors.IkigaiError, match="nosuchthing") as caught:
        app.dataset.new("d").csv("nosuchthing://bob:password@host/data.csv?signature=secret").build()
    assert not {"password", "secret"} & set(str(caught.value).replace("=", " ").replace(":", " ").split())
    assert len(app.datasets()) == 0


def test_the_data_can_be_replaced_from_anything(app: App, table: pa.Table, tmp_path: Path) -> None:
    dataset = app.dataset.new("data").df(pd.DataFrame({"a": [1]})).build()
    pq.write_table(table, tmp_path / "data.parquet")
    (tmp_path / "data.csv").write_text("b\n2\n")
    for data, text in (
        (table, CSV),
        (tmp_path / "data.csv", "b\n2\n"),
        (tmp_path / "data.parquet", CSV),
        (pd.DataFrame({"c": [1.0]}), "c\n1.0\n"),
    ):
        assert text_of(dataset.edit_data(data)) == text


def test_the_same_data_in_another_form_change_nothing(app: App, table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "data.parquet")
    assert app.dataset.new("data").arrow(pl.from_arrow(table)).ensure().changes == ("created",)
    assert app.dataset.new("data").parquet(tmp_path / "data.parquet").ensure().changes == ()
    assert app.dataset.new("data").arrow(table.slice(1)).ensure().changes == ("data",)


def test_an_empty_or_used_up_stream_is_refused_before_anything_is_created(app: App, table: pa.Table) -> None:
    reader = table.to_reader()
    app.dataset.new("once").arrow(reader).build()
    for nothing in (table.slice(0, 0), reader, pa.table({})):
        with pytest.raises(errors.InvalidInputError, match="The data"):
            app.dataset.new("d").arrow(nothing).build()
    assert [dataset.name for dataset in app.datasets().values()] == ["once"]


def test_batches_have_one_schema_and_leave_no_file(
    app: App, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BLOCK_BYTES", 1 << 19)
    rows = 60_000
    frame = pd.DataFrame({"n": np.arange(rows), "text": [f"row {i}" for i in range(rows)]})
    frame["late"] = np.where(frame.n == rows - 1, 0.5, frame.n).astype(object)
    frame.loc[frame.n < rows - 1, "late"] = frame.n[:-1].astype(object)
    frame["word"] = ["1"] * (rows - 1) + ["one"]
    dataset = app.dataset.new("data").df(frame).build()
    batches = dataset.batches()
    assert batches.schema.types == [pa.int64(), pa.string(), pa.float64(), pa.string()]
    seen = list(batches)
    assert len(seen) > 2
    assert pa.Table.from_batches(seen)["n"].to_pylist() == list(range(rows))
    assert {batch.schema for batch in seen} == {batches.schema}

    async def count() -> int:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            same = await (await ikigai.apps[app.name]).datasets["data"]
            return sum([batch.num_rows async for batch in await same.batches()])

    assert asyncio.run(count()) == rows


def test_nothing_stays_in_the_temporary_folder(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dataset = app.dataset.new("data").df(pd.DataFrame({"a": [1, 2]})).ensure()
    dataset.df()
    dataset.arrow()
    assert sum(batch.num_rows for batch in dataset.batches()) == 2
    app.dataset.new("data").df(pd.DataFrame({"a": [1, 3]})).ensure()
    dataset.batches()
    assert list(tmp_path.iterdir()) == []


def test_fsspec_polars_and_pyarrow_are_loaded_only_when_they_are_used() -> None:
    code = (
        "import sys, ikigai_core.components.dataset\n"
        "sys.exit(bool({'pyarrow', 'fsspec', 'tqdm', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
