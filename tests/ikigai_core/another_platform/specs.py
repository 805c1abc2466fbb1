"""The second platform's facet and model types: the same where the public platform's are known, otherwise others."""

from __future__ import annotations

from typing import Any


def argument(name: str, kind: str = "TEXT", **flags: Any) -> dict[str, Any]:
    usual = {"is_deprecated": False, "is_hidden": False, "is_list": False, "is_required": False, "options": []}
    return {"name": name, "argument_type": kind, "default_value": None, "children": {}, "have_sub_arguments": False} | (
        usual | flags
    )


def facet(uid: str, group: str, *arguments: dict[str, Any], arrows: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    chain = {"I": "INPUT", "M": "MID", "O": "OUTPUT"}[uid[0]]
    return {
        "out_arrow_arguments": [],
        "in_arrow_arguments": list(arrows),
        "facet_arguments": list(arguments),
        "facet_requirements": {
            "min_parent_count": int(chain != "INPUT"),
            "max_parent_count": 50,
            "min_child_count": int(chain != "OUTPUT"),
            "max_child_count": 50,
        },
        "facet_keywords": ["other"],
        "is_hidden": False,
        "is_deprecated": False,
        "facet_info": {"facet_uid": uid, "facet_group": group, "chain_group": chain, "costs": 3},
    }


_FILE = (argument("file_type", is_required=True), argument("header", "BOOLEAN", is_required=True))
_NAMED = (argument("name"),)

FACETS: dict[str, dict[str, dict[str, Any]]] = {
    "OUTPUT": {"FILES": {"EXPORTED": facet("O_005", "FILES", argument("dataset_name", is_required=True), *_FILE)}},
    "MID": {
        "ROWS": {
            # Nobody knows how the public platform calls these.
            "FILTER": facet("M_900", "ROWS", argument("predicate", is_required=True)),
            "COUNT": facet(
                "M_003",
                "ROWS",
                argument("target_columns", is_list=True, is_required=True),
                argument("sort", "BOOLEAN"),
                argument("output_column_name", is_required=True),
            ),
            "UNION": facet("M_019", "ROWS", argument("option"), arrows=(argument("table_side"),)),
        },
        "CODE": {"PYTHON": facet("M_901", "CODE", argument("script", is_required=True), arrows=_NAMED)},
        "MACHINE_LEARNING": {
            "PREDICT": facet(
                "M_016",
                "MACHINE_LEARNING",
                argument("model_name", is_required=True),
                argument("hyperparameters", "MAP"),
                argument("parameters", "MAP"),
                argument("model_version"),
                argument("version"),
            )
        },
    },
    "INPUT": {
        "FILES": {
            "IMPORTED": facet(
                "I_005",
                "FILES",
                argument("use_raw_file", "BOOLEAN", is_required=True),
                *_FILE,
                argument("dataset_id", is_required=True),
            )
        }
    },
}
UIDS = {
    spec["facet_info"]["facet_uid"] for chain in FACETS.values() for group in chain.values() for spec in group.values()
}
for _chain in FACETS.values():
    for _group in _chain.values():
        for _type, _spec in _group.items():
            _spec["facet_info"]["facet_type"] = _type

_FLAGS = {
    "default_value": None,
    "have_options": False,
    "is_deprecated": False,
    "is_required": False,
    "is_hidden": False,
    "is_list": False,
    "options": [],
}
_MORE = {"hyperparameter_group": None, "children": {}, "have_sub_hyperparameters": False}
_ALPHA = {"name": "alpha", "hyperparameter_type": "NUMBER", "sub_hyperparameter_requirements": [], **_FLAGS, **_MORE}

MODELS: dict[str, Any] = {
    "17": {
        "sub_model_types": [
            {
                "hyperparameters": {"alpha": _ALPHA},
                "parameters": {"target_column": {"name": "target_column", "parameter_type": "TEXT", **_FLAGS}},
                "metrics": {"performance": {}, "feature_importance": {}},
                "keywords": [],
                "is_hidden": False,
                "is_deprecated": False,
                "name": "Lasso",
            }
        ],
        "keywords": [],
        "is_hidden": False,
        "is_deprecated": False,
        "name": "Linear",
    }
}
