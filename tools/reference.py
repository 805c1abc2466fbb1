"""Writes docs/reference.md: the public names of ikigai_core, with their descriptions and members.

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

All names that `ikigai_core` exports. The docstrings describe parameters, defaults and errors: see
`help(ikigai_core.App)` or the linked module. A name that begins with `Async` is the async counterpart of the name
without it. It has the same members, and all methods that send requests are awaited.

"""
_TAIL = """
The errors are in [`ikigai_core.errors`](../ikigai_core/errors.py); see [the core client](core-client.md#errors). The
Python API of the local platform is in [`ikigai_core.local`](../ikigai_core/local); see
[the local platform](local-platform.md). [tools/reference.py](../tools/reference.py) writes this page.
"""


def entries() -> list[str]:
    """One entry for each exported name except `errors`."""
    exported = {name: getattr(ikigai_core, name) for name in ikigai_core.__all__ if not name.startswith("_")}
    return [entry(name, value) for name, value in sorted(exported.items()) if name != "errors"]


def entry(name: str, value: Any) -> str:
    """The entry of one name: its module, description and members."""
    kind = getattr(value, "__origin__", value)
    module = Path(inspect.getfile(kind)).relative_to(ROOT)
    says = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    offers = members(kind)
    listed = f" Offers {', '.join(f'`{member}`' for member in offers)}." if offers else ""
    return f"- [`{name}`](../{module}): {says}{listed}"


def members(kind: Any) -> list[str]:
    """The public members of a class, including data fields and enum values."""
    if name_of_twin(kind):
        return []
    if isinstance(kind, enum.EnumMeta):
        return list(kind.__members__)
    fields = list(getattr(kind, "model_fields", {}))
    methods = [name for name in dir(kind) if not name.startswith("_") and name not in NOISE]
    return sorted({*fields, *methods} - {"model_dump", "model_dump_json", "bind", "read", "holds"})


def name_of_twin(kind: Any) -> str:
    """Name of the sync counterpart of an async class; empty if the class is not async."""
    match = re.fullmatch(r"Async(\w+)", getattr(kind, "__name__", ""))
    return match.group(1) if match else ""


def page() -> str:
    """The text of the page."""
    return _HEAD + "\n".join(entries()) + "\n" + _TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
