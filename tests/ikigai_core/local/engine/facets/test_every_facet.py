"""Each facet type has a module and a test, and all that work on tables go together in one flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import Ikigai
from ikigai_core.local.engine import facets
from ikigai_core.local.engine.registry import REFUSED, runnable_facet_types
from ikigai_core.local.specs import load_facet_specs

FACETS = [
    (chain, facet_type)
    for chain, groups in load_facet_specs().items()
    for group in groups.values()
    for facet_type in group
]
# Imported and Exported are made by the fixture `jobs`.
SOURCES = [Path(__file__).parents[1] / "conftest.py", *Path(__file__).parent.glob("test_*.py")]
TESTS = "".join(path.read_text() for path in SOURCES if path.name != Path(__file__).name)


def test_there_are_62() -> None:
    assert len(FACETS) == 62


@pytest.mark.parametrize(("chain", "facet_type"), FACETS)
def test_each_facet_has_a_module_and_a_test(chain: str, facet_type: str) -> None:
    assert (facet_type in runnable_facet_types()) != (facet_type in REFUSED)
    assert "\ndef run(step: Step)" in (Path(facets.__path__[0]) / f"{facet_type.lower()}.py").read_text()
    assert f'"{chain}.{facet_type}"' in TESTS


def test_only_what_nothing_is_known_of_is_refused() -> None:
    assert sorted(REFUSED) == ["AI_PLAN"]


ORDERS = pd.DataFrame(
    {
        "city": ["Bern", "Zürich", "Bern", "Genève", "Zürich", "Bern"],
        "zip": ["3000", "8000", "3000", "1200", "8000", "3000"],
        "day": ["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-02", "2026-01-09", "2026-01-09"],
        "price": [1.5, None, 2.5, 4.0, 3.0, None],
        "units": [1, 2, 3, 4, 5, 6],
        "note": ["a-b", "c", None, "a-b-c", "d", "a"],
    }
)


def chained(*facets: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """Return facets of a document, each after the one before it; the first is after `orders`."""
    document, before = {}, "orders"
    for name, facet_type, arguments in facets:
        document[name] = {"type": facet_type, "after": before, "arguments": arguments}
        before = name
    return document


def branch(name: str, facet_type: str, after: Any, **arguments: Any) -> dict[str, Any]:
    """Return a facet of a document, and an Exported after it that writes the dataset of its name."""
    return {
        name: {"type": facet_type, "after": after, "arguments": arguments},
        f"{name} out": {"type": "OUTPUT.Exported", "after": name, "arguments": {"dataset_name": name}},
    }


CHAIN = chained(
    ("key", "MID.Add_Primary_Key", {}),
    ("now", "MID.Add_Current_Time", {}),
    ("convert", "MID.Convert", {"target_columns": ["zip"], "data_type": "TEXT"}),
    ("shift", "MID.Add_Or_Subtract_Time", {"target_column": "day", "amount": 1, "unit": "day"}),
    ("unit", "MID.Get_Time_Unit", {"target_column": "day", "unit": "week", "output_column_name": "week"}),
    ("weeks", "MID.Change_Time_Granularity", {"target_column": "day", "unit": "week"}),
    ("range", "MID.Filter_By_Time", {"target_column": "day", "start_time": "2025-12-01"}),
    ("line", "MID.Interpolate", {"target_columns": ["price"]}),
    ("fill", "MID.Fill_Missing_Values", {"target_columns": ["note"], "value": "none"}),
    ("replace", "MID.Find_Replace", {"target_columns": ["city"], "find": "è", "replace": "e"}),
    ("new", "MID.New_Columns", {"columns": [{"column_name": "shop", "value": "A"}]}),
    ("formula", "MID.Multi_Input_Formula", {"formula": "price * units", "output_column_name": "total"}),
    ("rename", "MID.Rename_Columns", {"columns": [{"old_name": "zip", "new_name": "code"}]}),
    ("rolling", "MID.Rolling_Window", {"target_column": "units", "window_size": 2, "aggregation": "sum"}),
    ("split", "MID.Text_Split", {"target_column": "note", "delimiter": "-"}),
    ("drop", "MID.Drop_Columns", {"target_columns": ["current_time", "shop"]}),
    ("known", "MID.Drop_Missing_Values", {"target_columns": ["rolling_sum_units"]}),
    ("some", "MID.Filter", {"column_name": "units", "condition": "less_than", "value": "6"}),
    ("sort", "MID.Sort", {"target_columns": ["total"], "ascending": False}),
    ("once", "MID.Deduplicate", {"target_columns": ["city", "week"]}),
    ("sample", "MID.Sample", {"sample_size": 100, "seed": 1}),
    ("sql", "MID.Free_Form_SQL", {"query": "SELECT *, upper(city) AS shout FROM data"}),
    ("select", "MID.Select", {"target_columns": ["id", "shout", "week", "price", "total", "rolling_sum_units"]}),
)


def sided(left: str, right: str) -> list[dict[str, str]]:
    return [{"facet": left, "table_side": "left"}, {"facet": right, "table_side": "right"}]


BRANCHES = {
    **branch("the end", "MID.Copy", "select"),
    **branch("counts", "MID.Count", "orders", target_columns=["city"]),
    **branch("pairs", "MID.Cross_Tab", "orders", row_column="city", column_column="day"),
    **branch("about", "MID.Describe", "orders"),
    **branch("series", "MID.EDA_Time_Series", "orders", time_column="day", value_column="units"),
    **branch("long", "MID.Melt", "orders", identifier_columns=["city"], value_columns=["units", "zip"]),
    **branch("wide", "MID.Pivot_Table", "orders", index_columns=["city"], pivot_column="day", value_column="units"),
    **branch("sums", "MID.Summary", "orders", group_columns=["city"], target_columns=["units"]),
    **branch("turned", "MID.Transpose", "sums"),
    **branch("empty", "MID.Keep_Headers_Only", "orders"),
    **branch("valued", "MID.Column_Value", sided("counts", "total")),
    **branch("total", "MID.Summary", "orders", target_columns=["price"], aggregation="max"),
    **branch("joined", "MID.Join", sided("counts", "sums"), left_columns=["city"], right_columns=["city"]),
    **branch("renamed", "MID.Substitute", sided("counts", "sums"), target_column="city"),
    **branch(
        "both", "MID.Union", [{"facet": "counts", "table_side": "top"}, {"facet": "sums", "table_side": "bottom"}]
    ),
    **branch("looks", "MID.EDA", "orders"),
}
DOCUMENT = {"facets": {"orders": {"type": "INPUT.Imported", "dataset": "orders"}, **CHAIN, **BRANCHES}}
DOCUMENT["facets"]["looks out"]["after"] = {"facet": "looks", "output_type": "numeric_statistic"}

GROUPS = ("TABLE", "TIME", "MULTIPLE_TABLES", "ANALYSIS")


def test_one_flow_has_every_facet_for_tables(ikigai_client: Ikigai) -> None:
    used = {facet["type"].split(".")[1].upper() for facet in DOCUMENT["facets"].values()}
    assert used >= {name for group in GROUPS for name in load_facet_specs()["MID"][group]}
    app = ikigai_client.app.new("Every facet").build()
    app.dataset.new("orders").df(ORDERS).build()
    app.flow.new("all").definition(DOCUMENT).build().start().result()
    frames = {dataset.name: dataset.df() for dataset in app.datasets().values()}

    assert frames["the end"].to_dict("list") == {
        "id": [4, 5, 3, 2],
        "shout": ["GENEVE", "ZÜRICH", "BERN", "ZÜRICH"],
        "week": [1, 2, 1, 1],
        "price": [4.0, 3.0, 2.5, 2.0],
        "total": [16.0, 15.0, 7.5, 4.0],
        "rolling_sum_units": [7, 9, 5, 3],
    }
    assert frames["counts"].to_dict("list") == {"city": ["Bern", "Zürich", "Genève"], "count": [3, 2, 1]}
    assert frames["wide"].columns.tolist() == ["city", "2026-01-01", "2026-01-02", "2026-01-09"]
    assert frames["sums"]["units"].tolist() == [10, 7, 4]
    assert frames["turned"].to_dict("list")["row_1"] == ["Bern", "10"]
    assert frames["valued"]["price"].tolist() == [4.0, 4.0, 4.0]
    assert frames["joined"].columns.tolist() == ["city", "count", "units"]
    assert frames["renamed"]["city"].tolist() == [10, 7, 4]
    assert frames["both"].shape == (6, 3)
    assert frames["long"].shape == (12, 3)
    assert frames["empty"].shape == (0, 6)
    assert frames["about"]["column"].tolist() == list(ORDERS.columns)
    assert frames["series"]["count"].tolist() == [6]
    assert frames["pairs"].shape == (3, 4)
    assert frames["looks"]["column"].tolist() == ["zip", "price", "units"]
