"""What the process of a Python facet's script does. `sandbox` isolates it from the platform.

It reads `request.json` in its working directory, and writes `outcome.json` and, if there is a result, `result.csv`. It
imports nothing from this package: scripts see only Python and its installed libraries.
"""

from __future__ import annotations

import builtins
import json
import re
import sys
import textwrap
import traceback
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

SCRIPT_NAME = "<script>"
_TRUTHS = ({"True", "False"}, {"true", "false"}, {"TRUE", "FALSE"})


class ScriptError(Exception):
    """The script or its result is unusable. The message is for its author."""


def main() -> None:
    """Run the script of the request and write the outcome."""
    request = json.loads(Path("request.json").read_text(encoding="utf-8"))
    # People watch what it prints.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        _limit_memory(request["memory_bytes"])
        _check_libraries(request["libraries"])
        outcome = _run(request)
    except ScriptError as error:
        outcome = {"error": str(error)}
    except MemoryError:
        outcome = {"error": f"the data and the script need more memory than {request['memory_bytes'] >> 20} MiB"}
    Path("outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


def _limit_memory(memory_bytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The limit is on data, not on address space: libraries reserve many more addresses than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def _check_libraries(libraries: list[str]) -> None:
    for requirement in libraries:
        name = re.match(r"[A-Za-z0-9._-]*", requirement.strip())
        try:
            metadata.version(name.group() if name else requirement)
        except (metadata.PackageNotFoundError, ValueError):
            raise ScriptError(
                f"library '{requirement}' is not installed in the environment of the local platform; install it there"
            ) from None


def _run(request: dict[str, Any]) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    namespace |= request["values"]
    truths: dict[str, str] = {}
    for entry in request["inputs"]:
        frame = _read_frame(entry, truths)
        namespace.update(dict.fromkeys(entry["variables"], frame))
    _execute(textwrap.dedent(request["script"]), namespace)
    if "result" not in namespace:
        if not request["needs_result"]:
            return {}
        raise ScriptError("the script left nothing in `result`; assign a DataFrame to it")
    integers = {name for entry in request["inputs"] for name, kind in entry["columns"] if kind == "integer"}
    return _write_frame(_as_frame(namespace["result"]), request["null_mark"], truths, integers)


def _read_frame(entry: dict[str, Any], truths: dict[str, str]) -> Any:
    """Read an input as `read_csv` would, but keep integers even if some values are missing."""
    import pandas as pd
    from pyarrow import parquet

    given = [values for path in entry["paths"] for values in parquet.read_table(path).columns]
    series = []
    for values, (name, kind) in zip(given, entry["columns"], strict=True):
        style = _truth_style(values) if kind == "text" else None
        if style:
            truths[name] = style
            one = values.to_pandas().map({word: word.lower() == "true" for word in (style, _opposite(style))})
        elif kind == "integer" and values.null_count:
            one = values.to_pandas(types_mapper={values.type: pd.Int64Dtype()}.get)
        elif values.null_count == len(values):
            one = pd.Series(float("nan"), index=range(len(values)), dtype="float64")
        else:
            one = values.to_pandas()
        series.append(one.rename(None))
    frame = pd.concat(series, axis=1)
    frame.columns = pd.Index([name for name, _ in entry["columns"]])
    return frame


def _truth_style(values: Any) -> str | None:
    """Return the column's word for "true" if it contains only true and false values; None otherwise."""
    if not len(values) or values.null_count:
        return None
    first = values[0].as_py()
    words = next((words for words in _TRUTHS if first in words), None)
    if words is None or not set(values.unique().to_pylist()) <= words:
        return None
    return next(word for word in words if word.lower() == "true")


def _opposite(style: str) -> str:
    return {"True": "False", "true": "false", "TRUE": "FALSE"}[style]


def _execute(script: str, namespace: dict[str, Any]) -> None:
    lines = script.splitlines()
    try:
        exec(compile(script, SCRIPT_NAME, "exec", dont_inherit=True), namespace)
    except MemoryError:
        raise
    except SyntaxError as error:
        if error.filename == SCRIPT_NAME:
            raise ScriptError(_message(error, error.lineno, lines)) from None
        raise ScriptError(_message(error, _script_line(error.__traceback__), lines)) from None
    except SystemExit as error:
        if error.code not in (None, 0):
            raise ScriptError(_message(error, _script_line(error.__traceback__), lines)) from None
    except BaseException as error:
        raise ScriptError(_message(error, _script_line(error.__traceback__), lines)) from None


def _script_line(at: TracebackType | None) -> int | None:
    lines = [frame.lineno for frame in traceback.extract_tb(at) if frame.filename == SCRIPT_NAME]
    return lines[-1] if lines else None


def _message(error: BaseException, line: int | None, lines: list[str]) -> str:
    text = str(error.msg if isinstance(error, SyntaxError) else error)
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if line is None or not 0 < line <= len(lines):
        return what
    return f"{what} (line {line}: {lines[line - 1].strip()})"


def _as_frame(result: Any) -> Any:
    import pandas as pd

    if not isinstance(result, pd.DataFrame):
        raise ScriptError(f"`result` is a {type(result).__name__}; make it a DataFrame")
    named = [name for name in result.index.names if name is not None and name not in result.columns]
    # The index can contain data: the keys of a groupby or set_index.
    frame = result.reset_index(level=named) if named else result
    if not len(frame.columns):
        raise ScriptError("`result` has no columns; leave at least one")
    return frame


def _write_frame(result: Any, null_mark: str, truths: dict[str, str], integers: set[str]) -> dict[str, Any]:
    names = [str(name) for name in result.columns]
    frame = result.set_axis(range(len(names)), axis=1)
    texts = [_is_text(frame[position]) for position in frame.columns]
    for position, name in enumerate(names):
        values = frame[position]
        if values.dtype == bool:
            style = truths.get(name, "True")
            frame[position] = values.map({True: style, False: _opposite(style)})
        elif name in integers and values.dtype.kind == "f" and values.dropna().mod(1).eq(0).all():
            # pandas converted integers to floats because of a missing value in the input.
            frame[position] = values.astype("Int64")
    # With a carriage return in the line ending, the writer quotes values that contain one.
    frame.to_csv("result.csv", index=False, header=False, na_rep=null_mark, lineterminator="\r\n", encoding="utf-8")
    return {"columns": list(zip(names, texts, strict=True)), "rows": len(frame)}


def _is_text(values: Any) -> bool:
    from pandas.api.types import infer_dtype

    return bool(infer_dtype(values, skipna=True) == "string")
