"""Output of commands: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ikigai_core.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print only plain JSON on standard output.")]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 3 if there are differences.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation, as scripts need it.")]

DIFFERENT = 3
"""Exit status of ``diff --exit-code`` if there are differences."""

_STYLES = {"SUCCESS": "green", "FAILED": "red", "STOPPED": "yellow", "RUNNING": "cyan"}

_WIDE = 100_000
"""Width without a terminal: in pipes and files, nothing is folded or cut."""


def emit(data: object, render: Callable[[], RenderableType], *, as_json: bool) -> None:
    """Print data on standard output, as JSON or in a form for people.

    Parameters
    ----------
    data : object
        Plain values, including dates and enums.
    render : callable
        Returns the form for people.
    as_json : bool
    """
    if as_json:
        _print_json(data)
    else:
        _print(render())


def confirm(question: str, *, yes: bool) -> None:
    """Ask the person at the terminal, and end the command if the answer is no.

    Raises
    ------
    InvalidInputError
        Nobody can be asked, and the command was not given ``--yes``.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInputError("Nobody can be asked for confirmation: repeat the command with --yes.")
    typer.confirm(question, abort=True, err=True)


def leave_if_different(different: bool) -> None:
    """End the command with the exit status for differences."""
    if different:
        raise typer.Exit(DIFFERENT)


def _print_json(data: object) -> None:
    from pydantic_core import to_json

    # JSON is always UTF-8, and has no NaN.
    sys.stdout.flush()
    sys.stdout.buffer.write(to_json(data, indent=2, inf_nan_mode="null") + b"\n")
    sys.stdout.buffer.flush()


def _print(renderable: RenderableType) -> None:
    from rich.console import Console

    plain: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
    if sys.stdout.isatty():
        Console(**plain).print(renderable, soft_wrap=isinstance(renderable, str))
        return
    console = Console(**plain, width=_WIDE, force_terminal=False, no_color=True)
    with console.capture() as captured:
        console.print(renderable, soft_wrap=isinstance(renderable, str))
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1])


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> RenderableType:
    """A table for people.

    Parameters
    ----------
    columns : iterable of str
        The column headings.
    rows : iterable of iterables
        The values; `cell` converts them to text.
    empty : str
        The text if there are no rows.
    """
    grid = _grid(show_header=True)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(cell(value) for value in row))
    return grid if grid.row_count else empty


def details(values: Mapping[str, object]) -> RenderableType:
    """The properties of one object, one per line."""
    grid = _grid(show_header=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        grid.add_row(name, cell(value))
    return grid


def page(web_url: str | None) -> dict[str, object]:
    """The property with the address of a page, if there is one."""
    return {} if web_url is None else {"Page": web_url}


def sections(**titled: RenderableType) -> RenderableType:
    """Several tables, one below the other. Each has a title, except the first."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    for title, part in titled.items():
        parts += [Text(""), Text(title.capitalize(), style="bold underline")] if parts else []
        parts.append(part)
    return Group(*parts)


def cell(value: object) -> Text:
    """A value as text for people. Its content is never interpreted as markup or as a terminal command."""
    from rich.text import Text

    text = _text(value)
    return Text(
        "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text),
        style=_STYLES.get(text, ""),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_nested(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_nested, value))
    return str(value)


def _nested(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict | bool) else _text(value)


def _grid(*, show_header: bool) -> Table:
    from rich import box
    from rich.table import Table

    line = box.SIMPLE_HEAD if show_header and sys.stdout.isatty() else None
    return Table(box=line, show_header=show_header, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
