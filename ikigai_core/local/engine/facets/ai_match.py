"""AI Match: pairs of rows of two tables that are probably about the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.matching import Mapped, map_columns, match_rows
from ikigai_core.local.engine.model_settings import read_settings
from ikigai_core.local.engine.model_versions import model_of
from ikigai_core.local.engine.statistics import rows_table
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import literal


def run(step: Step) -> Mapping[str, Table]:
    """Match rows by the similarity of their texts, as `matching` computes it.

    `matching_result` has each left row with the right row that is most similar to it, if it is similar enough;
    `column_mapping` tells which columns were compared.
    """
    model = model_of(step, "Ai Match")
    if model.sub_model_type != "Unsupervised":
        raise FlowError(
            f"the local platform does not know what a {model.sub_model_type} model learns from; use one that is "
            "Unsupervised, or set what the facet gives with a stand-in"
        )
    _, settings = read_settings(model, step.arguments)
    left, right = step.sided("table_identifier", ("left", "right"))
    mapped = _mapped(step, left, right, settings)
    return {
        "matching_result": match_rows(
            step.tables, left, right, mapped, settings["matching_threshold"], settings["include_similarity"]
        ),
        "column_mapping": _mapping_table(step, mapped),
    }


def _mapped(step: Step, left: Table, right: Table, settings: Mapping[str, Any]) -> list[Mapped]:
    given = settings["column_mapping"]
    lefts = _columns(left, settings, "left")
    rights = _columns(right, settings, "right")
    if given:
        for pair in given:
            if not isinstance(pair.get("left"), str) or not isinstance(pair.get("right"), str):
                raise FlowError("each entry of column_mapping needs the name of a column as 'left' and as 'right'")
        return [Mapped(left.column(pair["left"]), right.column(pair["right"]), 1.0) for pair in given]
    rows, threshold = int(settings["sampling_amount"]), settings["column_mapping_threshold"]
    found = map_columns(step.tables, (left, lefts), (right, rights), rows, threshold)
    if not found:
        raise FlowError("no columns of the two tables are similar; name those to compare in column_mapping")
    return found


def _columns(table: Table, settings: Mapping[str, Any], side: str) -> Sequence[Column]:
    included = table.select(settings[f"{side}_include"] or table.column_names)
    excluded = table.select(settings[f"{side}_exclude"] or [])
    return [column for column in included if column not in excluded]


def _mapping_table(step: Step, mapped: Sequence[Mapped]) -> Table:
    rows = [
        f"SELECT {literal(pair.left.name)}, {literal(pair.right.name)}, {literal(pair.similarity)}" for pair in mapped
    ]
    columns = [Column("left_column", ""), Column("right_column", ""), Column("similarity", "", "NUMERIC")]
    return rows_table(step.tables, rows, columns)
