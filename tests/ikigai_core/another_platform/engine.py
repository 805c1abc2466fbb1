"""Runs definitions: Imported, Count, Union, Python, Predict and Exported, with frames in memory."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pandas as pd

Definition = dict[str, Any]
WriteData = Callable[[str, bytes], None]


class FacetError(Exception):
    """A facet failed."""

    def __init__(self, facet_id: str, message: str) -> None:
        super().__init__(message)
        self.facet_id = facet_id


class Engine:
    """One run of a definition.

    Parameters
    ----------
    read, write : callable
        Give a dataset's data by its id, and store data by a dataset's name.
    train : callable
        Notes that a model was trained: its name and its version's.
    """

    def __init__(self, read: Callable[[str], bytes], write: WriteData, train: Callable[[str, str, dict], None]) -> None:
        self._read, self._write, self._train = read, write, train

    def run(self, definition: Definition, variables: dict[str, Any]) -> None:
        facets = {facet["facet_id"]: facet for facet in definition["facets"]}
        _apply(definition, variables)
        tables: dict[str, pd.DataFrame] = {}
        waiting = list(facets)
        while waiting:
            facet_id = next(each for each in waiting if all(p in tables for p, _ in _parents(definition, each)))
            waiting.remove(facet_id)
            inputs = [(tables[parent], arguments) for parent, arguments in _parents(definition, facet_id)]
            try:
                tables[facet_id] = self._perform(facets[facet_id], inputs)
            except Exception as error:
                raise FacetError(facet_id, f"{type(error).__name__}: {error}") from error

    def _perform(self, facet: dict[str, Any], inputs: list[tuple[pd.DataFrame, dict[str, Any]]]) -> pd.DataFrame:
        arguments = facet["arguments"]
        match facet["facet_uid"]:
            case "I_005":
                return pd.read_csv(io.BytesIO(self._read(arguments["dataset_id"])))
            case "M_003":
                by = arguments["target_columns"]
                column = arguments["output_column_name"]
                return inputs[0][0].groupby(by, sort=bool(arguments.get("sort"))).size().reset_index(name=column)
            case "M_019":
                sides = sorted(inputs, key=lambda given: given[1].get("table_side") == "bottom")
                return pd.concat([table for table, _ in sides], ignore_index=True)
            case "M_016":
                return self._predict(arguments, inputs[0][0])
            case "O_005":
                self._write(arguments["dataset_name"], inputs[0][0].to_csv(index=False).encode())
                return inputs[0][0]
        names = {given["name"]: table for table, given in inputs if "name" in given}
        room: dict[str, Any] = {"data": inputs[0][0], **names}
        exec(arguments["script"], room)
        result: pd.DataFrame = room["result"]
        return result

    def _predict(self, arguments: dict[str, Any], table: pd.DataFrame) -> pd.DataFrame:
        target = arguments["parameters"]["target_column"]
        version = arguments.get("model_version") or arguments.get("version") or "first"
        self._train(arguments["model_name"], version, arguments.get("hyperparameters") or {})
        return table.assign(**{f"predicted_{target}": table[target].mean()})


def _parents(definition: Definition, facet_id: str) -> list[tuple[str, dict[str, Any]]]:
    arrows = [arrow for arrow in definition["arrows"] if arrow["destination"] == facet_id]
    return [(arrow["source"], arrow.get("arguments") or {}) for arrow in arrows]


def _apply(definition: Definition, variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        if name not in definition["variables"]:
            raise FacetError("", f"variable {name} is not one of this pipeline")
        target = definition["variables"][name]
        for facet in definition["facets"]:
            if facet["name"] == target["facet_name"]:
                facet["arguments"][target["name"]] = value["value"]
