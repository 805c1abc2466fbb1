"""AI LLM: asks a language model about each row."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.language_model import LanguageModel
from ikigai_core.local.engine.model_settings import read_settings
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

_CONNECTION = "llm"
_MOST_OPTIONS = 100
_EXAMPLES = 10
# Rows, and answers, that are in memory at a time.
_ROWS = 1_000
_ANSWERS = pa.schema([("nth", pa.int64()), ("answer", pa.string())])

Row = Mapping[str, Any]
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class _Task:
    """What is asked: the system's text, the column of the answers, the question about a row, how one is read."""

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
    task = _TASKS[model.sub_model_type](step, {**parameters, **hyperparameters})
    place = LanguageModel(connection(step, _CONNECTION))
    answers = place.answers(task.system, map(task.question, _rows(step)))
    return _with_answers(step, task.column, map(task.read, answers))


def _rows(step: Step, condition: str = "true", most: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield rows as they are needed."""
    keys = ", ".join(column.key for column in step.table.columns)
    limit = "" if most is None else f" LIMIT {most}"
    query = f"SELECT {keys} FROM {step.table.name} WHERE {condition} ORDER BY rowid{limit}"
    for batch in step.tables.batches(query, _ROWS):
        values = (column.to_pylist() for column in batch.columns)
        yield from (dict(zip(step.table.column_names, row, strict=True)) for row in zip(*values, strict=True))


def _with_answers(step: Step, name: str, answers: Iterable[str | None]) -> Table:
    path = step.workspace.folder / "answers.parquet"
    with pq.ParquetWriter(path, _ANSWERS) as file:
        for part in _parts(enumerate(answers, 1)):
            file.write_batch(part)
    keys = "".join(f"{column.key}, " for column in step.table.columns)
    numbered = f"SELECT *, row_number() OVER (ORDER BY rowid) AS row_nth FROM {step.table.name}"
    table = step.tables.create(
        f"SELECT {keys}answer FROM ({numbered}) JOIN read_parquet({quote(str(path))}) ON nth = row_nth ORDER BY nth",
        [*step.table.columns, Column(name, "")],
    )
    path.unlink()
    return step.tables.infer(table, [name])


def _parts(answers: Iterator[tuple[int, str | None]]) -> Iterator[pa.RecordBatch]:
    while some := list(islice(answers, _ROWS)):
        numbers, texts = zip(*some, strict=True)
        yield pa.record_batch([pa.array(numbers, pa.int64()), pa.array(texts, pa.string())], schema=_ANSWERS)


def _target(step: Step, settings: Settings) -> Column:
    if not settings["target_column"]:
        raise FlowError("it needs the parameter 'target_column'; set it to the column to predict")
    return step.table.column(settings["target_column"])


def _examples(step: Step, target: Column) -> str:
    known = _rows(step, f"{target.key} IS NOT NULL", _EXAMPLES)
    lines = [json.dumps(row, ensure_ascii=False) for row in known]
    return f"Rows of which '{target.name}' is known:\n" + "\n".join(lines) if lines else ""


def _without(target: Column) -> Callable[[Row], str]:
    return lambda row: json.dumps(
        {name: value for name, value in row.items() if name != target.name}, ensure_ascii=False
    )


def _options(step: Step, target: Column) -> list[str]:
    """Return the different values of a column, in the order of their first rows.

    Raises
    ------
    FlowError
        There are too few to tell apart, or too many.
    """
    (count,) = step.tables.first_row(f"SELECT count(DISTINCT {target.key}) FROM {step.table.name}") or (0,)
    if step.tables.row_count(step.table) and not 2 <= count <= _MOST_OPTIONS:
        raise FlowError(f"column '{target.name}' has {count} different values; 2 to {_MOST_OPTIONS} can be told apart")
    found = step.tables.execute(
        f"SELECT {target.key} FROM {step.table.name} WHERE {target.key} IS NOT NULL GROUP BY 1 ORDER BY min(rowid)"
    )
    return [value for (value,) in found.fetchall()]


def _classification(step: Step, settings: Settings) -> _Task:
    target = _target(step, settings)
    options = _options(step, target)
    system = (
        f"You are given a row of a table as JSON. Answer with its most likely '{target.name}' and nothing else. "
        f"It is one of these: {json.dumps(options, ensure_ascii=False)}\n{_examples(step, target)}"
    )
    name = f"predicted_{target.name}"
    return _Task(system, name, _without(target), lambda answer: answer if answer in options else None)


def _regression(step: Step, settings: Settings) -> _Task:
    target = _target(step, settings)
    system = (
        f"You are given a row of a table as JSON. Answer with the number that '{target.name}' most likely is, and "
        f"nothing else.\n{_examples(step, target)}"
    )
    return _Task(system, f"predicted_{target.name}", _without(target), _number)


def _number(answer: str) -> str | None:
    try:
        return repr(float(answer)) if math.isfinite(float(answer)) else None
    except ValueError:
        return None


def _custom(step: Step, settings: Settings) -> _Task:
    template = settings["prompt_template"]
    if not template:
        raise FlowError("it needs the hyperparameter 'prompt_template'; put the names of columns in braces: {city}")
    for name in ("nearest_neighbor_input_columns", "nearest_neighbor_output_column"):
        if settings[name]:
            raise FlowError(f"the local platform does not know its hyperparameter '{name}'; remove it")
    names = re.findall(r"\{([^{}]+)\}", template)
    for name in names:
        if name not in step.table.column_names:
            raise FlowError(f"prompt_template names the column '{name}', which the table lacks")

    def question(row: Row) -> str:
        return re.sub(r"\{([^{}]+)\}", lambda found: str(row[found[1]] if row[found[1]] is not None else ""), template)

    return _Task(settings["system_context_template"] or "", "answer", question)


_TASKS: dict[str, Callable[[Step, Settings], _Task]] = {
    "Classification": _classification,
    "Regression": _regression,
    "Question Answer": lambda step, settings: _Task("Answer the question in the row, which is JSON.", "answer"),
    "Custom": _custom,
    "Chat": lambda step, settings: _Task(settings["instructions"] or "", "answer"),
    "Summary": lambda step, settings: _Task(settings["instructions"] or "", "summary"),
}
