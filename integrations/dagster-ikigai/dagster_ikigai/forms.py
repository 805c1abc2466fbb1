"""The forms in which this and other releases store things: each stored thing carries the number of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = "version"


def form_fault(what: str, form: Any, known: int, remedy: str) -> str | None:
    """Say that something is of a form that this release does not read, and what to do; None if it reads it."""
    if form == known:
        return None
    told = "of no known form" if form is None else f"of form {form!r}"
    return f"{what} is {told}, and this release of dagster-ikigai reads form {known}. {remedy}"


def read_form(what: str, text: str, known: int, remedy: str) -> Mapping[str, Any]:
    """Read what was stored as JSON, with its form in it.

    Raises
    ------
    ValueError
        It is of another form, or no such thing at all.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    fault = form_fault(what, content.get(VERSION) if isinstance(content, dict) else None, known, remedy)
    if fault is not None:
        raise ValueError(fault)
    return {name: value for name, value in content.items() if name != VERSION}
