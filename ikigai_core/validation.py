"""Checks of input from users and from the platform. The messages may be shown to users."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ikigai_core.errors import InvalidInputError, WrongInputTypeError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


_MOST_FAULTS = 20
_LONGEST = 300


def check_type(value: object, kinds: type | tuple[type, ...], what: str, expected: str) -> None:
    """Check that a value has one of the given types.

    Parameters
    ----------
    what, expected : str
        Name of the value, and the expected type, for the message.

    Raises
    ------
    WrongInputTypeError
    """
    if not isinstance(value, kinds):
        raise WrongInputTypeError(f"{what} was of type {type(value).__name__}, but must be {expected}.")


def check_json(values: Mapping[str, Any], what: str, remedy: str) -> None:
    """Check that each of the named values can be written as JSON.

    Raises
    ------
    InvalidInputError
        The message names the value, and ends with the remedy.
    """
    for name, value in values.items():
        try:
            json.dumps(value, allow_nan=False)
        except TypeError as error:
            raise WrongInputTypeError(
                f"{what} {name!r} was of type {type(value).__name__}: {error}. {remedy}"
            ) from None
        except ValueError as error:
            raise InvalidInputError(f"{what} {name!r} cannot be written as JSON: {error}. {remedy}") from None


def check_new_name(name: Any, word: str) -> None:
    """Check that a new component has a name.

    Raises
    ------
    InvalidInputError
    """
    check_type(name, str, f"The {word}'s name", "a text")
    if not name.strip():
        raise InvalidInputError(f"The {word} has no name: begin with .new(name).")


def check_name(name: Any, word: str) -> None:
    """Check that a name is a string and not blank.

    Raises
    ------
    InvalidInputError
    """
    check_type(name, str, f"The {word}'s name", "a text")
    if not name.strip():
        raise InvalidInputError(f"The {word}'s name must not be blank.")


def check_text(text: Any, what: str) -> None:
    """Check that a value is a string; it may be empty.

    Raises
    ------
    WrongInputTypeError
    """
    check_type(text, str, what, "a text")


def check_flag(flag: Any, what: str) -> None:
    """Check that a value is True or False.

    Raises
    ------
    WrongInputTypeError
    """
    check_type(flag, bool, what, "True or False")


def faults_of(error: ValidationError) -> str:
    """List the faults and their locations, without the values: these may be secrets."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    rest = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
    return "; ".join(map(_said, faults[:_MOST_FAULTS])) + rest


def _said(fault: ErrorDetails) -> str:
    where = ".".join(str(step)[:_LONGEST] for step in fault["loc"])
    what = fault["msg"].removeprefix("Value error, ")[:_LONGEST]
    return f"{where}: {what}" if where else what
