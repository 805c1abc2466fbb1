"""Users' callbacks: detect async callbacks, and refuse them if nothing would await them."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

from ikigai_core.errors import WrongInputTypeError

ON_PROGRESS = "on_progress"
"""The parameter whose callback is called by the threads that transfer data. Neither client awaits its result."""


def is_async(function: object) -> bool:
    """True if a callable is known to return an awaitable, without calling it."""
    while isinstance(function, partial):
        function = function.func
    if inspect.iscoroutinefunction(function):
        return True
    return callable(function) and inspect.iscoroutinefunction(type(function).__call__)


def check_callback(callback: object, name: str) -> None:
    """Refuse a callback that is known to be async and that nothing would await. Call it before anything is sent.

    Parameters
    ----------
    callback : object
        An object that is not callable passes.
    name : str
        The parameter's name.

    Raises
    ------
    WrongInputTypeError
    """
    if is_async(callback):
        raise WrongInputTypeError(f"{name} is async, and nothing awaits it: {_advice(name)}.")


def not_awaitable(returned: Any, name: str) -> Any:
    """Return a callback's result. Close and refuse an awaitable, since nothing would await it.

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
