"""What users give, checked before anything is sent."""

from __future__ import annotations

from typing import Any

from ikigai_core.errors import InvalidInput, WrongInputType


def check_type(value: object, kinds: type | tuple[type, ...], what: str, expected: str) -> None:
    """Make sure that a value is of one of some types.

    Parameters
    ----------
    what, expected : str
        What the value is for, and what it should be, for the message.

    Raises
    ------
    WrongInputType
    """
    if not isinstance(value, kinds):
        raise WrongInputType(f"{what} was of type {type(value).__name__}, but must be {expected}.")


def check_new_name(name: Any, word: str) -> None:
    """Make sure that what is to be created has a name.

    Raises
    ------
    InvalidInput
    """
    check_type(name, str, f"The {word}'s name", "a text")
    if not name.strip():
        raise InvalidInput(f"The {word} has no name: begin with .new(name).")


def check_name(name: Any, word: str) -> None:
    """Make sure that a name is one.

    Raises
    ------
    InvalidInput
    """
    check_type(name, str, f"The {word}'s name", "a text")
    if not name.strip():
        raise InvalidInput(f"The {word}'s name must not be blank.")


def check_text(text: Any, what: str) -> None:
    """Make sure that a text is one; it may be empty.

    Raises
    ------
    WrongInputType
    """
    check_type(text, str, what, "a text")


def check_flag(flag: Any, what: str) -> None:
    """Make sure that a truth value is one.

    Raises
    ------
    WrongInputType
    """
    check_type(flag, bool, what, "True or False")
