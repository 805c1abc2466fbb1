from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .random_tables import (
    COUNT,
    GROUP,
    SHARE,
    TEXT,
    TYPES,
    assert_values,
    many,
    on_random_tables,
    texts_of,
)

OUTPUTS = (
    "numeric_statistic",
    "text_statistic",
    "alert",
    "correlation_tabular",
    "correlation_heatmap",
    "numeric_histogram",
    "text_histogram",
)
STATISTICS = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]


def explored(jobs: Any, dataset_id: str, outputs: Any = OUTPUTS, **arguments: Any) -> Any:
    """Run EDA with an Exported for each of these outputs, in their order."""
    source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=dataset_id)
    eda = jobs.facet("MID.EDA", "eda", **arguments)
    sinks = [jobs.exported(f"sink {output}", output) for output in outputs]
    arrows = [jobs.arrow(eda, sink, output_type=output) for sink, output in zip(sinks, outputs, strict=True)]
    ended = jobs.run([source, eda, *sinks], [jobs.arrow(source, eda), *arrows])
    ended.outputs.sort(key=lambda output: list(outputs).index(output["dataset_name"]))
    return ended


class One:
    """One output, for the comparison."""

    def __init__(self, ended: Any, output: str) -> None:
        self._ended, self._number = ended, OUTPUTS.index(output)

    def text(self, number: int = 0) -> str:
        return str(self._ended.text(self._number))


@many
def test_numbers_are_explored_as_by_pandas_and_numpy(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = explored(jobs, jobs.dataset(table.content, TYPES))
        assert ended.status == "SUCCESS", ended.message

        numbers = table.values[[COUNT, SHARE]].astype("float64")
        statistics = texts_of(One(ended, "numeric_statistic")).set_index("column")
        expected = numbers.describe().T[STATISTICS]
        expected["variance"], expected["skewness"], expected["kurtosis"] = numbers.var(), numbers.skew(), numbers.kurt()
        expected["zeros"], expected["distinct"] = (numbers == 0).sum(), numbers.nunique()
        for name, row in expected.iterrows():
            for what, value in row.items():
                text = statistics.loc[name, what]
                # Where all values are equal, shape is 0 to pandas and open to DuckDB.
                assert text is None or np.isclose(float(text), value, rtol=1e-6, atol=1e-6), (name, what)
                assert text is not None or pd.isna(value) or numbers[name].nunique() == 1, (name, what)
        assert_correlations(ended, numbers)
        assert_histograms(ended, numbers)


def assert_correlations(ended: Any, numbers: pd.DataFrame) -> None:
    pairs = numbers.dropna()
    is_open = len(pairs) < 2 or pairs[COUNT].nunique() == 1 or pairs[SHARE].nunique() == 1
    r = np.nan if is_open else np.corrcoef(pairs[COUNT], pairs[SHARE])[0, 1]
    one = {name: np.nan if numbers[name].nunique() < 2 else 1.0 for name in (COUNT, SHARE)}
    heatmap = {"column": [COUNT, SHARE], COUNT: [one[COUNT], r], SHARE: [r, one[SHARE]]}
    assert_values(One(ended, "correlation_heatmap"), pd.DataFrame(heatmap))
    tabular = {"column_1": [COUNT], "column_2": [SHARE], "correlation": [r]}
    assert_values(One(ended, "correlation_tabular"), pd.DataFrame(tabular))


def assert_histograms(ended: Any, numbers: pd.DataFrame) -> None:
    expected = []
    for name in (COUNT, SHARE):
        values = numbers[name].dropna()
        if len(values):
            counts, edges = np.histogram(values, bins=10)
            expected += [[name, at + 1, edges[at], edges[at + 1], count] for at, count in enumerate(counts)]
    columns = ["column", "bin", "from", "to", "count"]
    assert_values(One(ended, "numeric_histogram"), pd.DataFrame(expected, columns=columns))


@many
def test_texts_are_explored_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = explored(jobs, jobs.dataset(table.content, TYPES), target_columns=[TEXT, GROUP])
        assert ended.status == "SUCCESS", ended.message

        statistics = texts_of(One(ended, "text_statistic")).set_index("column")
        histogram = texts_of(One(ended, "text_histogram"))
        for name in (TEXT, GROUP):
            values = table.texts[name].dropna()
            assert int(statistics.loc[name, "count"]) == len(values)
            assert int(statistics.loc[name, "empty"]) == (values == "").sum()
            counts = histogram[histogram["column"] == name]
            assert {value or "": int(n) for value, n in zip(counts["value"], counts["count"], strict=True)} == dict(
                values.value_counts()
            )
            if len(values):
                assert float(statistics.loc[name, "mean_length"]) == values.str.len().mean()
                assert int(statistics.loc[name, "longest"]) == values.str.len().max()


def test_alerts_name_what_is_remarkable(jobs: Any) -> None:
    lines = ["id,x,twice,same,zero,spike,text,gap"] + [
        f"k{n},{n},{2 * n},1,{n % 2},{100 if n == 7 else n % 3},t{n},{'' if n < 6 else n % 5}" for n in range(60)
    ]
    ended = explored(jobs, jobs.dataset("\n".join(lines) + "\n"), ["alert"])

    found = [(row[0], row[1]) for row in ended.rows()[1:]]
    assert found == [
        ("id", "unique"),
        ("id", "many different texts"),
        ("x", "unique"),
        ("twice", "unique"),
        ("same", "constant"),
        ("zero", "zeros"),
        ("spike", "zeros"),
        ("spike", "skewed"),
        ("text", "unique"),
        ("text", "many different texts"),
        ("gap", "missing"),
        ("gap", "zeros"),
        ("x", "correlated with twice"),
    ]


def test_an_arrow_has_to_name_an_output(jobs: Any) -> None:
    ended = jobs.transform("a\n1\n", jobs.facet("MID.EDA", "eda"))

    assert ended.facet_id == "eda"
    assert "an arrow out of it names no output; name one of those that it gives: 'numeric_statistic'" in ended.message
