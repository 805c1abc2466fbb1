"""Scripts with numbers of lines."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

_MOST_LINES = 2000


@dataclass(frozen=True)
class Script:
    """The lines of a script, and the number of the line that failed; 0 if no line failed."""

    lines: list[tuple[int, str]]
    failed: int


def script_of(text: str, failed: int = 0) -> Script:
    """Return a script as it ran, without its common indentation."""
    lines = textwrap.dedent(text).splitlines()
    return Script(list(enumerate(lines[:_MOST_LINES], start=1)), failed)
