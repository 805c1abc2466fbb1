"""Writes docs/reference.md: every public name of ikigai_core, what it is, and what it offers.

Run it from the repository's root: ``.venvs/core/bin/python tools/reference.py``.
"""

from __future__ import annotations

import enum
import inspect
import re
from pathlib import Path
from typing import Any

import ikigai_core
from ikigai_core.records import NOISE

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference.md"

_HEAD = """# Reference

Every name that `ikigai_core` exports. Docstrings tell parameters, defaults and errors: `help(ikigai_core.App)`, or the
linked module. A name that begins with `Async` offers the same as its twin without, and what sends is awaited.

"""
_TAIL = """
Errors are in [`ikigai_core.errors`](../ikigai_core/errors.py), told in [the core client](core-client.md#errors). The
local platform's Python side is in [`ikigai_core.local`](../ikigai_core/local), told in
[the local platform](local-platform.md). This page is written by [tools/reference.py](../tools/reference.py).
"""


def entries() -> list[str]:
    """One entry for each name that stands on its own; twins and builders' aliases share their line."""
    exported = {name: getattr(ikigai_core, name) for name in ikigai_core.__all__ if not name.startswith("_")}
    return [entry(name, value) for name, value in sorted(exported.items()) if name != "errors"]


def entry(name: str, value: Any) -> str:
    """A name, where it is, what it is, and what it offers."""
    kind = getattr(value, "__origin__", value)
    module = Path(inspect.getfile(kind)).relative_to(ROOT)
    says = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    offers = members(kind)
    listed = f" Offers {', '.join(f'`{member}`' for member in offers)}." if offers else ""
    return f"- [`{name}`](../{module}): {says}{listed}"


def members(kind: Any) -> list[str]:
    """The public names of a class, fields of its data and values of an enum included."""
    if name_of_twin(kind):
        return []
    if isinstance(kind, enum.EnumMeta):
        return list(kind.__members__)
    fields = list(getattr(kind, "model_fields", {}))
    methods = [name for name in dir(kind) if not name.startswith("_") and name not in NOISE]
    return sorted({*fields, *methods} - {"model_dump", "model_dump_json", "bind", "read", "holds"})


def name_of_twin(kind: Any) -> str:
    """The sync class that an async one mirrors; empty where it is none."""
    match = re.fullmatch(r"Async(\w+)", getattr(kind, "__name__", ""))
    return match.group(1) if match else ""


def page() -> str:
    """The page's text."""
    return _HEAD + "\n".join(entries()) + "\n" + _TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
