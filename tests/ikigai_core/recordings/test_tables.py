"""Datasets as Parquet files: written in parts, with types that give the same text again."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ikigai_core.recordings import tables

BLOCK = 1 << 14


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BLOCK", BLOCK)


def kept(tmp_path: Path, content: str, rows: int | None = None) -> pa.Table:
    source, target = tmp_path / "source.csv", tmp_path / "target.parquet"
    source.write_text(content)
    count = tables.keep_table(source, target, rows=rows, clean=lambda text: text.replace("secret", "***"))
    table = pq.read_table(target)
    assert table.num_rows == count
    return table


@pytest.mark.usefixtures("small_parts")
def test_types_hold_for_all_parts(tmp_path: Path) -> None:
    """What only the last row has decides on the type of its column."""
    lines = [f"{n},{n}.5,{n},{n},,a secret {n}\n" for n in range(5_000)]
    table = kept(tmp_path, "whole,part,late_text,late_part,empty,text\n" + "".join(lines) + "7,0.5,007,x,,\n")

    assert [str(field.type) for field in table.schema] == ["int64", "double", "string", "string", "string", "string"]
    assert table["whole"].to_pylist() == [*range(5_000), 7]
    assert table["late_text"].to_pylist()[-2:] == ["4999", "007"]
    assert table["text"].to_pylist()[-2:] == ["a *** 4999", None]
    assert table["empty"].null_count == 5_001


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("rows", [1, 1_000, 5_000, 6_000])
def test_rows_are_cut_whichever_part_they_end_in(tmp_path: Path, rows: int) -> None:
    lines = [f"{n},{n}\n" for n in range(5_000)]
    table = kept(tmp_path, "n,m\n" + "".join(lines[:-1]) + "4999,x\n", rows)

    assert table["n"].to_pylist() == [*range(min(rows, 5_000))]
    assert str(table.schema.field("m").type) == ("int64" if rows < 5_000 else "string")


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    table = kept(tmp_path, "a,b\n")
    assert (table.column_names, table.num_rows) == (["a", "b"], 0)


@pytest.mark.usefixtures("small_parts")
def test_only_parts_are_in_memory(tmp_path: Path) -> None:
    content = "n,text\n" + "".join(f"{n},{'x' * 100}\n" for n in range(80_000))
    before, most = pa.total_allocated_bytes(), 0

    def clean(text: str) -> str:
        nonlocal most
        most = max(most, pa.total_allocated_bytes() - before)
        return text

    source = tmp_path / "source.csv"
    source.write_text(content)
    assert tables.keep_table(source, tmp_path / "target.parquet", rows=None, clean=clean) == 80_000
    assert 0 < most < len(content) / 3
