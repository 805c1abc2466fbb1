"""The data that are moved: orders, with the kinds of column that tables have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 2_000_000
_BLOCK = 1 << 20


def orders(rows: int) -> pd.DataFrame:
    """Ten columns: whole numbers, floats, text, a bool and a timestamp; about 134 bytes a row as CSV."""
    random = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "order_id": np.arange(rows) + 100_000_000,
            "customer": np.array([f"customer-{n:06d}" for n in range(5000)])[random.integers(0, 5000, rows)],
            "country": np.array(["Germany", "United States", "Côte d'Ivoire", "Korea, South"])[
                random.integers(0, 4, rows)
            ],
            "quantity": random.integers(1, 100, rows),
            "price": random.uniform(1, 500, rows).round(2),
            "weight": np.where(random.random(rows) < 0.1, np.nan, random.gamma(2.0, 3.0, rows)),
            "latitude": random.uniform(-90, 90, rows),
            "longitude": random.uniform(-180, 180, rows),
            "is_gift": random.random(rows) < 0.2,
            "ordered_at": random.integers(1_500_000_000, 1_700_000_000, rows).astype("datetime64[s]"),
        }
    )


def repeat_csv(source: Path, target: Path, size: int) -> None:
    """Write a CSV file of at least `size` bytes: the source's header once, its rows again and again."""
    with source.open("rb") as file, target.open("wb") as out:
        out.write(file.readline())
        start = file.tell()
        while out.tell() < size:
            file.seek(start)
            while block := file.read(_BLOCK):
                out.write(block)
