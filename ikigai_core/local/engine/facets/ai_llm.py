"""AI LLM: asks a language model about each row."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.language_model import LanguageModel
from ikigai_core.local.engine.model_settings import read_settings
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

_CONNECTION = "llm"
_MOST_OPTIONS = 100
_EXAMPLES = 10

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Task:
    """What is asked: the system's text, the question about a row, the column of the answers, how one is read."""

    system: str
    column: str
    question: Callable[[Row], str] = lambda row: json.dumps(row, ensure_ascii=False)
    read: Callable[[str], str | None] = lambda answer: answer


def run(step: Step) -> Table:
    """Add a last column with the answer of the connection `llm` about each row, which it gets as a JSON object."""
    if len(step.inputs) > 1:
        raise FlowError("the local platform knows no second input of it; remove the arrow")
    name = step.arguments["model_name"]
    model = step.workspace.models.get(name)
    if model is None:
        raise FlowError(f"the app has no model '{name}'; create it, or set model_name to the name of one that it has")
    if model.sub_model_type not in _TASKS:
        raise FlowError(
            f"model '{name}' is {model.model_type} {model.sub_model_type}, which is no language model's task"
        )
    parameters, hyperparameters = read_settings(model, step.arguments)
    rows = _rows(step)
    task = _TASKS[model.sub_model_type](rows, {**parameters, **hyperparameters})
    place = LanguageModel(connection(step, _CONNECTION))
    answers = [task.read(answer) for answer in place.answers(task.system, map(task.question, rows))]
    return _with_answers(step, task.column, answers)


def _rows(step: Step) -> list[dict[str, Any]]:
    keys = ", ".join(column.key for column in step.table.columns)
    found = step.tables.execute(f"SELECT {keys} FROM {step.table.name} ORDER BY rowid").fetchall()
    return [dict(zip(step.table.column_names, row, strict=True)) for row in found]


def _with_answers(step: Step, name: str, answers: Sequence[Any]) -> Table:
    frame = pd.DataFrame({"nth": range(1, len(answers) + 1), "answer": pd.Series(answers, dtype=object)})
    step.tables.register("answers", frame)
    keys = "".join(f"{column.key}, " for column in step.table.columns)
    numbered = f"SELECT *, row_number() OVER (ORDER BY rowid) AS row_nth FROM {step.table.name}"
    table = step.tables.create(
        f"SELECT {keys}CAST(answer AS VARCHAR) FROM ({numbered}) JOIN answers ON nth = row_nth ORDER BY nth",
        [*step.table.columns, Column(name, "")],
    )
    return step.tables.infer(table, [name])


def _target(rows: Sequence[Row], settings: Mapping[str, Any]) -> tuple[str, list[Row]]:
    target = settings["target_column"]
    if not target:
        raise FlowError("it needs the parameter 'target_column'; set it to the column to predict")
    if rows and target not in rows[0]:
        raise FlowError(f"there is no column '{target}'; set the parameter target_column to one that there is")
    return target, [row for row in rows if row[target] is not None]


def _examples(target: str, known: Sequence[Row]) -> str:
    lines = [json.dumps(row, ensure_ascii=False) for row in known[:_EXAMPLES]]
    return f"Rows of which '{target}' is known:\n" + "\n".join(lines) if lines else ""


def _without(target: str) -> Callable[[Row], str]:
    return lambda row: json.dumps({name: value for name, value in row.items() if name != target}, ensure_ascii=False)


def _classification(rows: Sequence[Row], settings: Mapping[str, Any]) -> _Task:
    target, known = _target(rows, settings)
    options = list(dict.fromkeys(str(row[target]) for row in known))
    if rows and not 2 <= len(options) <= _MOST_OPTIONS:
        raise FlowError(
            f"column '{target}' has {len(options)} different values; 2 to {_MOST_OPTIONS} can be told apart"
        )
    system = (
        f"You are given a row of a table as JSON. Answer with its most likely '{target}' and nothing else. "
        f"It is one of these: {json.dumps(options, ensure_ascii=False)}\n{_examples(target, known)}"
    )
    return _Task(system, f"predicted_{target}", _without(target), lambda answer: answer if answer in options else None)


def _regression(rows: Sequence[Row], settings: Mapping[str, Any]) -> _Task:
    target, known = _target(rows, settings)
    system = (
        f"You are given a row of a table as JSON. Answer with the number that '{target}' most likely is, and nothing "
        f"else.\n{_examples(target, known)}"
    )
    return _Task(system, f"predicted_{target}", _without(target), _number)


def _number(answer: str) -> str | None:
    try:
        return repr(float(answer)) if math.isfinite(float(answer)) else None
    except ValueError:
        return None


def _custom(rows: Sequence[Row], settings: Mapping[str, Any]) -> _Task:
    template = settings["prompt_template"]
    if not template:
        raise FlowError("it needs the hyperparameter 'prompt_template'; put the names of columns in braces: {city}")
    for name in ("nearest_neighbor_input_columns", "nearest_neighbor_output_column"):
        if settings[name]:
            raise FlowError(f"the local platform does not know its hyperparameter '{name}'; remove it")
    names = re.findall(r"\{([^{}]+)\}", template)
    for name in names:
        if rows and name not in rows[0]:
            raise FlowError(f"prompt_template names the column '{name}', which the table lacks")

    def question(row: Row) -> str:
        return re.sub(r"\{([^{}]+)\}", lambda found: str(row[found[1]] if row[found[1]] is not None else ""), template)

    return _Task(settings["system_context_template"] or "", "answer", question)


_TASKS: dict[str, Callable[[Sequence[Row], Mapping[str, Any]], _Task]] = {
    "Classification": _classification,
    "Regression": _regression,
    "Question Answer": lambda rows, settings: _Task("Answer the question in the row, which is JSON.", "answer"),
    "Custom": _custom,
    "Chat": lambda rows, settings: _Task(settings["instructions"] or "", "answer"),
    "Summary": lambda rows, settings: _Task(settings["instructions"] or "", "summary"),
}
