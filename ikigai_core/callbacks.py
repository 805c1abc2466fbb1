"""Users' callbacks: which of them are async, and that none of those is dropped unawaited."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

from ikigai_core.errors import WrongInputTypeError

ON_PROGRESS = "on_progress"
"""The parameter whose callback is called by the threads that move bytes. Neither face awaits what it returns."""


def is_async(function: object) -> bool:
    """Whether a callable is known to return an awaitable, without calling it."""
    while isinstance(function, partial):
        function = function.func
    if inspect.iscoroutinefunction(function):
        return True
    return callable(function) and inspect.iscoroutinefunction(type(function).__call__)


def check_callback(callback: object, name: str) -> None:
    """Refuse what is known to be async where nothing awaits it, before anything is sent.

    Parameters
    ----------
    callback : object
        What is no callable passes.
    name : str
        The parameter's.

    Raises
    ------
    WrongInputTypeError
    """
    if is_async(callback):
        raise WrongInputTypeError(f"{name} is async, and nothing awaits it: {_advice(name)}.")


def not_awaitable(returned: Any, name: str) -> Any:
    """Return what a callback returned; an awaitable, which nothing awaits, is closed and refused.

    Raises
    ------
    WrongInputTypeError
    """
    if not inspect.isawaitable(returned):
        return returned
    end = getattr(returned, "close", None) or getattr(returned, "cancel", None)
    if end is not None:
        end()
    what = getattr(returned, "__qualname__", type(returned).__qualname__)
    raise WrongInputTypeError(f"{name} returned an awaitable ({what}), and nothing awaits it: {_advice(name)}.")


def _advice(name: str) -> str:
    return "give a plain function" + ("" if name == ON_PROGRESS else ", or use AsyncIkigai, which awaits it")
