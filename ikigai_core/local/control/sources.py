"""The sources of stand-ins: tables, and functions of the facet's inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ikigai_core.local.control.functions import FunctionSource, function_in_file, function_source

Source = str | Path | bytes | Callable[..., Any] | Any
"""A CSV or Parquet file, the bytes of a CSV file, a frame or Arrow table, a function, or ``file.py:function``."""

ANY_OUTPUT = ""
NOTHING = "none"


@dataclass(frozen=True)
class Prepared:
    """One output of a stand-in, ready to be sent: a function, or a table to be written as CSV."""

    label: str
    function: FunctionSource | None = None
    table: Any = None

    def write(self, path: Path) -> None:
        """Write the table to a CSV file.

        Raises
        ------
        OSError, IkigaiError
            The file does not exist, or is not a table.
        """
        if isinstance(self.table, bytes):
            path.write_bytes(self.table)
        elif isinstance(self.table, Path) and self.table.suffix.lower() not in _PARQUET:
            path.write_bytes(self.table.read_bytes())
        elif _is_empty_frame(self.table):
            self.table.to_csv(path, index=False)
        else:
            # The client is imported only for sources that are not CSV.
            from ikigai_core.transfer.source import source_of

            with path.open("wb") as file, closing(source_of(self.table).blocks()) as blocks:
                for block in blocks:
                    file.write(block)


_PARQUET = (".parquet", ".pq")


def prepare(gives: Source | Mapping[str, Source] | None) -> dict[str, Prepared]:
    """Return the sources of a stand-in by output; empty if it has no output.

    Raises
    ------
    ValueError, TypeError
        It is neither a table nor a function, or the function cannot be used.
    FileNotFoundError
        There is no such file.
    """
    if gives is None:
        return {}
    if isinstance(gives, Mapping):
        if not gives:
            raise ValueError("a mapping of outputs must not be empty; use None for a stand-in without output")
        return {str(output): _prepared(source) for output, source in gives.items()}
    return {ANY_OUTPUT: _prepared(gives)}


def prepare_given(given: Iterable[str]) -> dict[str, dict[str, Prepared]]:
    """Return stand-ins by facet from texts such as ``MID.EDA=eda.csv``, ``MID.EDA:alert=alerts.csv``, ``slack=none``.

    Raises
    ------
    ValueError, FileNotFoundError
        As `prepare`, and if a text has another form.
    """
    found: dict[str, dict[str, Prepared]] = {}
    for text in given:
        target, separator, source = text.partition("=")
        facet, _, output = target.partition(":")
        if not (separator and facet.strip() and source.strip()):
            raise ValueError(
                f"the stand-in {text!r} must have the form FACET=SOURCE or FACET:OUTPUT=SOURCE, such as MID.EDA=eda.csv"
            )
        outputs = found.setdefault(facet.strip(), {})
        if source.strip() != NOTHING:
            outputs[output.strip()] = _prepared(source.strip())
    return found


def staged(given: Mapping[str, Mapping[str, Prepared]], folder: Path) -> dict[str, dict[str, Prepared]]:
    """Return the same stand-ins, with their tables as CSV files in a folder.

    Raises
    ------
    OSError, IkigaiError
        A file is not a table.
    """
    folder.mkdir()
    return {
        facet: {output: _staged(prepared, folder) for output, prepared in sources.items()}
        for facet, sources in given.items()
    }


def _staged(prepared: Prepared, folder: Path) -> Prepared:
    if prepared.function is not None:
        return prepared
    path = folder / f"{len(list(folder.iterdir()))}.csv"
    prepared.write(path)
    return replace(prepared, table=path)


def _prepared(source: Source) -> Prepared:
    if isinstance(source, str | Path):
        return _file(str(source))
    if isinstance(source, bytes):
        return Prepared("a table", table=source)
    if callable(source) and not hasattr(source, "columns"):
        function = function_source(source)
        return Prepared(f"function {function.function}", function)
    if hasattr(source, "__arrow_c_stream__") or (hasattr(source, "to_csv") and hasattr(source, "columns")):
        return Prepared("a table", table=source)
    raise TypeError(
        f"a stand-in cannot be a {type(source).__name__}: give the path of a CSV or Parquet file, a frame, the bytes "
        "of a CSV file, or a function"
    )


def _file(given: str) -> Prepared:
    file, separator, name = given.rpartition(":")
    if separator and file.endswith(".py"):
        function = function_in_file(_existing(file), name)
        return Prepared(f"function {name} in {Path(file).name}", function)
    path = _existing(given)
    if path.suffix == ".py":
        raise ValueError(f"{given} is Python: name the function, as in {given}:answer")
    return Prepared(path.name, table=path)


def _existing(given: str) -> Path:
    path = Path(given).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"the file {given!r} of a stand-in does not exist (looked in {path.resolve().parent})")
    return path


def _is_empty_frame(table: Any) -> bool:
    return hasattr(table, "to_csv") and not inspect.isfunction(table) and not len(table)
