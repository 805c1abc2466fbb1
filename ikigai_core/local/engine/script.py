"""Runs the scripts of Python facets, each in its own process without the platform's environment."""

from __future__ import annotations

import atexit
import json
import keyword
import os
import secrets
import shutil
import signal
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.script_access import ScriptAccess
from ikigai_core.local.engine.step import Input, ScriptLimits, Workspace
from ikigai_core.local.fork_server import ForkServer

if TYPE_CHECKING:
    from ikigai_core.local.engine.tables import Table, Tables

_PROCESS = "ikigai_core.local.engine.script_process"
_END_SECONDS = 5.0
# The only environment variables that a script gets. Others may contain credentials.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
_MOST_PRINTED_BYTES = 100_000
_COLUMNS_OF_A_FILE = 500
# Where the output of a script is while it runs, in the folder of the run.
PRINTED_NOW = "script-*/printed"


def run_script(
    workspace: Workspace,
    script: str,
    libraries: Sequence[str],
    inputs: Sequence[Input],
    *,
    needs_result: bool = True,
    values: Mapping[str, Any] | None = None,
) -> Table | None:
    """Run a script on tables.

    Parameters
    ----------
    libraries
        Installed packages that the script imports.
    inputs
        Tables. In the script, each is a DataFrame with the `name` of its arrow; the first is also `data`.
    needs_result
        Whether a script without a `result` is an error.
    values
        Further variables of the script; JSON-serializable.

    Returns
    -------
    Table or None
        The `result` of the script.

    Raises
    ------
    FlowError
        The script failed, exceeded a limit, or its result is not a table.
    """
    folder = Path(mkdtemp(prefix="script-", dir=workspace.folder))
    try:
        null_mark = secrets.token_hex(16)
        request = {
            "script": script,
            "libraries": list(libraries),
            "inputs": _write_inputs(workspace.tables, inputs, folder, set(values or {})),
            "values": dict(values or {}),
            "needs_result": needs_result,
            "null_mark": null_mark,
            "memory_bytes": workspace.script_limits.memory_bytes,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        outcome = _run_host(folder, workspace)
        if "columns" not in outcome:
            return None
        return _read_result(workspace.tables, folder / "result.csv", outcome, null_mark)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_inputs(tables: Tables, inputs: Sequence[Input], folder: Path, reserved: set[str]) -> list[dict[str, Any]]:
    entries = []
    taken: set[str] = set()
    for number, entry in enumerate(inputs):
        paths = _write_table(tables, entry.table, folder / f"input-{number}")
        variables = _variables(entry, number, taken)
        for name in reserved.intersection(variables):
            raise FlowError(f"an input and an argument of the script are both called '{name}'; rename one of them")
        taken.update(variables)
        entries.append(
            {
                "paths": [path.name for path in paths],
                "variables": variables,
                "columns": [(column.name, _kind(column)) for column in entry.table.columns],
            }
        )
    return entries


def _write_table(tables: Tables, table: Table, name: Path) -> list[Path]:
    """Write a table to files of some columns each: the time for one grows with the square of its columns."""
    paths = []
    for start in range(0, len(table.columns), _COLUMNS_OF_A_FILE):
        columns = table.columns[start : start + _COLUMNS_OF_A_FILE]
        values = ", ".join(f"{_script_value(column)} AS {column.key}" for column in columns)
        paths.append(name.with_name(f"{name.name}-{start}.parquet"))
        tables.execute(f"COPY (SELECT {values} FROM {table.name}) TO {quote(str(paths[-1]))} (FORMAT parquet)")
    return paths


def _variables(entry: Input, number: int, taken: set[str]) -> list[str]:
    name = str(entry.arguments.get("name") or "")
    if name and (not name.isidentifier() or keyword.iskeyword(name)):
        raise FlowError(f"the name '{name}' of an arrow into it is no Python variable's; use letters, digits and _")
    if not name and number:
        raise FlowError(f"input {number + 1} has no name in the script; give the arrow the argument 'name'")
    if name in taken:
        raise FlowError(f"two of its inputs are called '{name}'; give their arrows different names")
    return [*(["data"] if number == 0 else []), *([name] if name and name != "data" else [])] or [name]


def _script_value(column: Column) -> str:
    # Times stay text, as in a DataFrame that the client reads.
    return column.value if column.data_type == "NUMERIC" else column.key


def _kind(column: Column) -> str:
    if column.is_integer:
        return "integer"
    return "number" if column.data_type == "NUMERIC" else "text"


def _run_host(folder: Path, workspace: Workspace) -> dict[str, Any]:
    limits = workspace.script_limits
    if limits.access == ScriptAccess.REFUSED:
        raise FlowError(
            "this machine cannot keep its script from the files of other users, and the platform has several; "
            "if that may be, start the platform with --unconfined-scripts"
        )
    hidden = limits.hidden or workspace.folder.parent
    printed = folder / "printed"
    with printed.open("wb") as output:
        process = _server().start(
            _PROCESS,
            [limits.access, str(hidden)],
            folder=folder,
            stdout=output.fileno(),
            stderr=output.fileno(),
            environment={**_environment(), "HOME": str(folder), "TMPDIR": str(folder)},
        )
    try:
        code = process.poll(limits.seconds)
    finally:
        process.end(_END_SECONDS)
        _keep_printed(printed, workspace)
    if code is None:
        raise FlowError(f"the script ran for more than {limits.seconds:g} seconds and was ended")
    return _outcome(folder / "outcome.json", code, limits)


@cache
def _server() -> ForkServer:
    """What scripts are forked from: the platform's server, or one of this process if nobody has started it."""
    platforms = ForkServer.of_this_process()
    if platforms is not None:
        return platforms
    own = ForkServer([_PROCESS], _environment())
    atexit.register(own.stop)
    return own


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def _keep_printed(printed: Path, workspace: Workspace) -> None:
    before = max(printed.stat().st_size - _MOST_PRINTED_BYTES, 0)
    with printed.open("rb") as file:
        # What a script prints last says how it ended.
        file.seek(before)
        text = file.read().decode("utf-8", errors="replace")
    if text:
        workspace.printed.append(("(what was printed before is left out) …\n" if before else "") + text)


def _outcome(path: Path, returncode: int, limits: ScriptLimits) -> dict[str, Any]:
    try:
        outcome: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        how = f"signal {signal.Signals(-returncode).name}" if returncode < 0 else f"exit code {returncode}"
        raise FlowError(
            f"the script's process ended with {how} and left no result; "
            f"it may use up to {limits.memory_bytes >> 20} MiB of memory"
        ) from None
    if "error" in outcome:
        raise FlowError(outcome["error"])
    return outcome


def _read_result(tables: Tables, path: Path, outcome: dict[str, Any], null_mark: str) -> Table:
    names = [name for name, _ in outcome["columns"]]
    texts = {name for name, is_text in outcome["columns"] if is_text}
    table = tables.read(path, names, skip=0, null_mark=null_mark)
    return tables.infer(table, texts=texts)
