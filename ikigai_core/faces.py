"""One text, two faces.

What a component can do is written once, as a procedure on a class that knows no driver, and offered twice: the sync
class performs it and returns, the async class returns an awaitable. The two decorators below turn such a text into a
method of both; type checkers see the right signature on each.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    overload,
)

if TYPE_CHECKING:
    from ikigai_core.procedure import Procedure

P = ParamSpec("P")
R = TypeVar("R")


class SyncContext(Protocol):
    """What a sync client lends to its components."""

    def drive(self, procedure: Procedure[R]) -> R:
        """Perform a procedure."""
        ...


class AsyncContext(Protocol):
    """What an async client lends to its components."""

    async def drive(self, procedure: Procedure[R]) -> R:
        """Perform a procedure."""
        ...


class SyncFace:
    """A class whose operations are performed at once. It has a `_client` with a sync driver."""

    _client: Any

    def _perform(self, procedure: Procedure[R]) -> R:
        context: SyncContext = self._client
        return context.drive(procedure)


class AsyncFace:
    """A class whose operations are awaited. It has a `_client` with an async driver."""

    _client: Any

    async def _perform(self, procedure: Procedure[R]) -> R:
        context: AsyncContext = self._client
        return await context.drive(procedure)


SyncOwner = TypeVar("SyncOwner", bound=SyncFace)
AsyncOwner = TypeVar("AsyncOwner", bound=AsyncFace)


class operation(Generic[P, R]):
    """Makes a procedure a method that returns the procedure's result."""

    def __init__(self, text: Callable[Concatenate[Any, P], Procedure[R]]) -> None:
        @wraps(text)
        def perform(instance: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            return instance._perform(text(instance, *args, **kwargs))

        self._text = text
        self._method = perform
        self.__doc__ = text.__doc__

    @overload
    def __get__(self, instance: None, owner: Any) -> operation[P, R]: ...
    @overload
    def __get__(self, instance: SyncFace, owner: Any = None) -> Callable[P, R]: ...
    @overload
    def __get__(self, instance: AsyncFace, owner: Any = None) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self._method, instance)

    def text(self, instance: Any, *args: P.args, **kwargs: P.kwargs) -> Procedure[R]:
        """The procedure itself, for use within another one: ``yield from Kind.method.text(component, …)``."""
        return self._text(instance, *args, **kwargs)


class edit(Generic[P]):
    """Makes a procedure a method that changes its component and returns it."""

    def __init__(self, text: Callable[Concatenate[Any, P], Procedure[None]]) -> None:
        def and_return(instance: Any, *args: P.args, **kwargs: P.kwargs) -> Procedure[Any]:
            yield from text(instance, *args, **kwargs)
            return instance

        @wraps(text)
        def perform(instance: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            return instance._perform(and_return(instance, *args, **kwargs))

        self._method = perform
        self.__doc__ = text.__doc__

    @overload
    def __get__(self, instance: None, owner: Any) -> edit[P]: ...
    @overload
    def __get__(self, instance: SyncOwner, owner: Any = None) -> Callable[P, SyncOwner]: ...
    @overload
    def __get__(self, instance: AsyncOwner, owner: Any = None) -> Callable[P, Coroutine[Any, Any, AsyncOwner]]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self._method, instance)
