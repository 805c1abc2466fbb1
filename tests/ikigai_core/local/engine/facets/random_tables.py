"""Random tables that facets find hard, and the comparison of what a facet makes of them with what pandas makes of them.

They have missing values of several forms, text that looks like numbers, times with and without a zone, duplicates, no
row, one row, and names that SQL would trip over. Types are given, so that a table without values has some, too.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

COUNT, SHARE, GROUP, WHEN, TEXT = "rowid", 'Share "of" x', "select", "c0", "It's; -- DROP"
"""The columns: whole numbers, fractions, few different texts, times, texts."""

many = pytest.mark.parametrize("examples", [3, pytest.param(200, marks=pytest.mark.soak)])
"""Makes a test of few examples, and one of many for the soak."""

_INTEGER = {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}
TYPES: dict[str, dict[str, Any]] = {
    COUNT: _INTEGER,
    SHARE: {"data_type": "NUMERIC", "data_formats": {}},
    GROUP: {"data_type": "CATEGORICAL", "data_formats": {}},
    WHEN: {"data_type": "TIME", "data_formats": {}},
    TEXT: {"data_type": "TEXT", "data_formats": {}},
}
_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.%f")


@dataclass(frozen=True)
class RandomTable:
    """A table as text, where None is missing, and as pandas has its values."""

    texts: pd.DataFrame
    values: pd.DataFrame

    @property
    def content(self) -> str:
        """The table as CSV: missing values are empty, and empty texts are quoted."""
        return written(self.texts)


def written(texts: pd.DataFrame) -> str:
    """Write texts as CSV; None is missing."""
    lines = [list(texts.columns), *texts.itertuples(index=False)]
    return "".join(",".join(_field(value) for value in line) + "\n" for line in lines)


def _field(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def _time(moment: pd.Timestamp, form: str, hours: int | None) -> str:
    if hours is None:
        return moment.strftime(form)
    return (moment + pd.Timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S") + f"{hours:+03}:00"


_moments = st.integers(0, 2_000_000_000).map(lambda second: pd.Timestamp(second, unit="s"))
_times = st.builds(_time, _moments, st.sampled_from(_FORMS), st.sampled_from([None, None, -3, 2]))
_shares = st.one_of(
    st.integers(-40, 40).map(lambda number: repr(number / 8)),
    st.sampled_from(["1", "1.0", "1.00", "-0.5", "1e3", "3.14"]),
)
_texts = st.one_of(
    st.sampled_from(["007", "7", "7.0", "1e5", "NA", "2013-01-01", "a,b", 'say "a"', "Zürich", "a b a", "%_"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6),
)

VALUES: dict[str, st.SearchStrategy[str]] = {
    COUNT: st.integers(-9, 9).map(str),
    SHARE: _shares,
    GROUP: st.sampled_from(["a", "b", "A", "b ", "Ünder"]),
    WHEN: _times,
    TEXT: _texts,
}
"""What the columns hold, as text, where it is not missing."""


@st.composite
def tables(draw: st.DrawFn, most_rows: int = 9) -> RandomTable:
    """Draw a table of these columns."""
    rows = draw(st.one_of(st.sampled_from([0, 1]), st.integers(2, most_rows)))

    def column(values: st.SearchStrategy[str], missing: Sequence[str | None]) -> list[str | None]:
        either = st.one_of(values, values, values, st.sampled_from(missing))
        return draw(st.lists(either, min_size=rows, max_size=rows))

    marks = {SHARE: [None, "NA", "NaN"]}
    columns = {name: column(values, marks.get(name, [None])) for name, values in VALUES.items()}
    texts = pd.DataFrame(columns, dtype=object)
    return RandomTable(texts, values_of(texts))


def values_of(texts: pd.DataFrame) -> pd.DataFrame:
    """Return the values of such a table, read by pandas."""
    return pd.DataFrame(
        {
            COUNT: pd.to_numeric(texts[COUNT]).astype("Int64"),
            SHARE: pd.to_numeric(texts[SHARE].where(~texts[SHARE].isin(["NA", "NaN"]), None)).astype("float64"),
            GROUP: texts[GROUP],
            WHEN: pd.to_datetime(texts[WHEN], utc=True, format="ISO8601").astype("datetime64[us, UTC]"),
            TEXT: texts[TEXT],
        }
    )


def on_random_tables(examples: int, **more: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Run a check with random tables, and values for its further parameters."""

    def run(check: Callable[..., None]) -> None:
        healthy = [HealthCheck.too_slow, HealthCheck.data_too_large]
        # Making a failure small takes longer than finding it, which only the soak has time for.
        phases = set(Phase) - ({Phase.shrink, Phase.explain} if examples < 10 else set())
        set_up = settings(max_examples=examples, phases=phases, deadline=None, suppress_health_check=healthy)
        set_up(given(table=tables(), **more)(check))()

    return run


def transformed(jobs: Any, table: RandomTable, *facets: Any) -> Any:
    """Run Imported on the table with its types, these facets, Exported."""
    source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset(table.content, TYPES))
    ended = jobs.run([source, *facets, jobs.exported()])
    assert ended.status == "SUCCESS", ended.message
    return ended


def texts_of(ended: Any, number: int = 0) -> pd.DataFrame:
    """Return an output as texts, where None is missing or empty."""
    header, *rows = csv.reader(io.StringIO(ended.text(number)), strict=True)
    return pd.DataFrame([[value or None for value in row] for row in rows], columns=header, dtype=object)


def assert_texts(ended: Any, expected: pd.DataFrame) -> None:
    """Check that an output has exactly these texts."""
    given = texts_of(ended)
    assert list(given.columns) == list(expected.columns)
    assert _cells(given) == _cells(expected)


def _cells(frame: pd.DataFrame) -> list[list[str | None]]:
    return [[None if _is_missing(value) else str(value) or None for value in row] for row in frame.to_numpy(object)]


def assert_values(ended: Any, expected: pd.DataFrame) -> None:
    """Check that an output has these values: numbers nearly, times as points in time, and else the same texts."""
    given = texts_of(ended)
    assert list(given.columns) == list(expected.columns)
    assert len(given) == len(expected)
    for name in expected.columns:
        for one, other in zip(given[name], expected[name], strict=True):
            assert _is_same(one, other), (name, list(given[name]), list(expected[name]))


def _is_same(text: str | None, value: Any) -> bool:
    if _is_missing(value) or value == "":
        return text in (None, "NA", "NaN")
    if text is None:
        return False
    if isinstance(value, pd.Timestamp):
        moment = pd.Timestamp(text)
        return (moment if moment.tzinfo else moment.tz_localize("UTC")) == value
    if isinstance(value, str):
        return text == value
    return math.isclose(float(text), float(value), rel_tol=1e-9, abs_tol=1e-9)


def _is_missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def names(columns: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """Draw some of the columns, each once."""
    return st.lists(st.sampled_from(columns), unique=True)
