"""What pydantic finds wrong with data, in words that may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def faults_of(error: ValidationError) -> str:
    """What is wrong and where, without the values: they may be secrets."""
    return "; ".join(map(_said, error.errors(include_url=False, include_input=False)))


def _said(fault: ErrorDetails) -> str:
    where = ".".join(map(str, fault["loc"]))
    what = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what
