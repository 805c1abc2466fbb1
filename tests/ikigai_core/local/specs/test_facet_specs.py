from __future__ import annotations

from collections import ChainMap
from typing import Any

import pytest

from ikigai_core.local.engine.registry import runnable_facet_types
from ikigai_core.local.specs import facet_specs_by_uid, load_facet_specs

INPUT = ["HANA", "IMPORTED", "LOAD", "CUSTOM_FACET", "INPUT_CONNECTOR", "PYTHON", "S3"]
MID = [
    "ADD_PRIMARY_KEY",
    "COUNT",
    "CROSS_TAB",
    "DEDUPLICATE",
    "DESCRIBE",
    "DROP_COLUMNS",
    "DROP_MISSING_VALUES",
    "FILL_MISSING_VALUES",
    "FILTER",
    "FIND_REPLACE",
    "FREE_FORM_SQL",
    "INTERPOLATE",
    "KEEP_HEADERS_ONLY",
    "MELT",
    "MULTI_INPUT_FORMULA",
    "NEW_COLUMNS",
    "PIVOT_TABLE",
    "RENAME_COLUMNS",
    "SAMPLE",
    "SELECT",
    "SORT",
    "SUMMARY",
    "TEXT_SPLIT",
    "TRANSPOSE",
    "ADD_CURRENT_TIME",
    "ADD_OR_SUBTRACT_TIME",
    "CHANGE_TIME_GRANULARITY",
    "FILTER_BY_TIME",
    "GET_TIME_UNIT",
    "ROLLING_WINDOW",
    "COLUMN_VALUE",
    "COPY",
    "JOIN",
    "SUBSTITUTE",
    "UNION",
    "AI_CAST",
    "AI_LLM",
    "AI_MATCH",
    "AI_PLAN",
    "AI_PREDICT",
    "PREDICT",
    "TIME_SERIES_ANALYSIS",
    "CONVERT",
    "EDA",
    "EDA_TIME_SERIES",
    "CUSTOM_FACET",
    "PYTHON",
]
OUTPUT = ["HANA", "EXPORTED", "DUMP", "CUSTOM_FACET", "OUTPUT_CONNECTOR", "PYTHON", "S3", "SLACK"]


@pytest.mark.parametrize(("chain", "facet_types"), [("INPUT", INPUT), ("MID", MID), ("OUTPUT", OUTPUT)])
def test_clients_that_chain_the_groups_list_every_type_in_order(chain: str, facet_types: list[str]) -> None:
    assert list(ChainMap(*load_facet_specs()[chain].values())) == facet_types


@pytest.mark.parametrize(
    ("uid", "facet_type"),
    [("I_005", "IMPORTED"), ("M_003", "COUNT"), ("M_016", "PREDICT"), ("M_019", "UNION"), ("O_005", "EXPORTED")],
)
def test_known_uids(uid: str, facet_type: str) -> None:
    assert facet_specs_by_uid()[uid]["facet_info"]["facet_type"] == facet_type


def test_uids_differ_and_begin_with_their_chain_groups_letter() -> None:
    specs = facet_specs_by_uid()

    assert len(specs) == len(INPUT) + len(MID) + len(OUTPUT)
    for uid, spec in specs.items():
        assert uid[:2] == {"INPUT": "I_", "MID": "M_", "OUTPUT": "O_"}[spec["facet_info"]["chain_group"]]


def arguments_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found = [*spec["facet_arguments"], *spec["in_arrow_arguments"], *spec["out_arrow_arguments"]]
    for argument in found:
        found.extend(argument["children"].values())
    return found


@pytest.mark.parametrize("uid", facet_specs_by_uid())
def test_every_spec_has_all_that_clients_read(uid: str) -> None:
    spec = facet_specs_by_uid()[uid]

    assert set(spec["facet_requirement"]) == {
        f"{limit}_{kin}_count" for limit in ("min", "max") for kin in ("child", "parent")
    }
    assert all(type(count) is int for count in spec["facet_requirement"].values())
    assert spec["facet_requirements"] == spec["facet_requirement"]
    assert (type(spec["is_deprecated"]), type(spec["is_hidden"])) == (bool, bool)
    assert all(isinstance(keyword, str) for keyword in spec["facet_keywords"])
    for argument in arguments_of(spec):
        flags = {name for name, value in argument.items() if type(value) is bool and name != "default_value"}
        assert flags == {"have_sub_arguments", "is_deprecated", "is_hidden", "is_list", "is_required"}
        assert argument["argument_type"] in {"MAP", "BOOLEAN", "TEXT", "NUMBER"}
        assert all(isinstance(option, str) for option in argument["options"])
        assert argument["have_sub_arguments"] == bool(argument["children"])
        assert argument["default_value"] is None or argument["default_value"] in (
            argument["options"] or [argument["default_value"]]
        )


def test_model_facets_are_in_the_machine_learning_group() -> None:
    group = load_facet_specs()["MID"]["MACHINE_LEARNING"]

    assert set(group) == {"AI_CAST", "AI_LLM", "AI_MATCH", "AI_PLAN", "AI_PREDICT", "PREDICT", "TIME_SERIES_ANALYSIS"}
    for spec in group.values():
        names = {argument["name"] for argument in spec["facet_arguments"]}
        assert {"model_name", "version", "model_version", "parameters", "hyperparameters"} <= names


def test_what_the_engine_runs_is_in_the_specs() -> None:
    assert set(runnable_facet_types()) <= {*INPUT, *MID, *OUTPUT}
