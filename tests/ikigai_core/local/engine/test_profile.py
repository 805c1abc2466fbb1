"""What people see of a dataset's columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ikigai_core.local.engine.examination import examine
from ikigai_core.local.engine.profile import profile


def profiled(path: Path, text: str) -> dict[str, Any]:
    path.write_text(text, encoding="utf-8")
    return profile(path, examine(path).columns)


def test_missing_shares_and_distributions(tmp_path: Path) -> None:
    rows = [
        f'{n},{"NA" if n % 4 == 0 else n / 2},2026-01-{n % 28 + 1:02},{"aab"[n % 3]},"it\'s {n}"' for n in range(100)
    ]
    found = profiled(tmp_path / "data.csv", "n,half,day,letter,text\n" + "\n".join(rows) + "\n")

    columns = found["columns"]
    assert found["rows"] == 100
    assert [column["missing"] for column in columns.values()] == [0, 25, 0, 0, 0]
    assert (columns["n"]["least"], columns["n"]["most"], columns["n"]["mean"]) == (0, 99, 49.5)
    assert columns["n"]["bins"] == [5] * 20
    assert sum(columns["day"]["bins"]) == 100
    assert columns["letter"]["common"] == [("a", 67), ("b", 33)]
    assert len(columns["text"]["common"]) == 8


def test_single_columns_and_odd_values(tmp_path: Path) -> None:
    single = profiled(tmp_path / "single.csv", "a\n1\n\n3\n")
    assert (single["rows"], single["columns"]["a"]["missing"]) == (3, 1)
    odd = profiled(tmp_path / "odd.csv", "x,y\ninf,é\n-inf,é\n1,\n1,\n")["columns"]
    assert (odd["x"]["least"], odd["x"]["most"], odd["x"]["bins"]) == (1, 1, [])
    assert odd["y"]["missing"] == 2
    empty = profiled(tmp_path / "empty.csv", "x,y\n")
    assert (empty["rows"], empty["columns"]["x"]["missing"]) == (0, 0)
