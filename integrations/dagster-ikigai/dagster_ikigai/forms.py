"""Format versions of stored data. All stored data contain the number of their format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = "version"


def form_fault(what: str, form: Any, known: int, remedy: str) -> str | None:
    """The error message for a format that this release cannot read, with the remedy; None if it can read it."""
    if form == known:
        return None
    told = "of no known form" if form is None else f"of form {form!r}"
    return f"{what} is {told}, and this release of dagster-ikigai reads form {known}. {remedy}"


def read_form(what: str, text: str, known: int, remedy: str) -> Mapping[str, Any]:
    """Read stored JSON that contains its format version.

    Raises
    ------
    ValueError
        The text has another format, or is something else.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    fault = form_fault(what, content.get(VERSION) if isinstance(content, dict) else None, known, remedy)
    if fault is not None:
        raise ValueError(fault)
    return {name: value for name, value in content.items() if name != VERSION}
