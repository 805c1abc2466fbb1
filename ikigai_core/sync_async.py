"""Make a sync and an async method of one procedure.

Each operation of a component is written once, as a procedure on a base class without a driver. The sync class runs it
and returns the result; the async class returns an awaitable. The two decorators below mark such procedures. When a sync
or an async class is defined, each procedure becomes a real function of it, with its own signature and docstring.
Therefore ``help()``, `inspect` and documentation tools see the same as type checkers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    overload,
)

from ikigai_core.callbacks import ON_PROGRESS, check_callback

if TYPE_CHECKING:
    from ikigai_core.procedure import Procedure

P = ParamSpec("P")
R = TypeVar("R")


class SyncContext(Protocol):
    """The part of a sync client that components use."""

    def run(self, procedure: Procedure[R]) -> R:
        """Run a procedure."""
        ...


class AsyncContext(Protocol):
    """The part of an async client that components use."""

    async def run(self, procedure: Procedure[R]) -> R:
        """Run a procedure."""
        ...


class SyncFace:
    """Base of classes whose operations run at once. Its `_client` has a sync driver."""

    _client: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, each in _procedure_methods(cls):
            setattr(cls, name, each.sync_method(cls))

    def _perform(self, procedure: Procedure[R]) -> R:
        context: SyncContext = self._client
        return context.run(procedure)


class AsyncFace:
    """Base of classes whose operations are awaited. Its `_client` has an async driver."""

    _client: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, each in _procedure_methods(cls):
            setattr(cls, name, each.async_method(cls))

    async def _perform(self, procedure: Procedure[R]) -> R:
        context: AsyncContext = self._client
        return await context.run(procedure)


SyncOwner = TypeVar("SyncOwner", bound=SyncFace)
AsyncOwner = TypeVar("AsyncOwner", bound=AsyncFace)


class _ProcedureMethod:
    """A procedure that becomes a method of the sync and the async class."""

    def __init__(self, procedure: Callable[..., Procedure[Any]]) -> None:
        self._procedure = procedure
        self.__doc__ = procedure.__doc__

    def sync_method(self, owner: type) -> Callable[..., Any]:
        """The function that runs the procedure. It refuses async callbacks, since nothing would await them."""
        run, named = self._run, self._named

        @wraps(self._procedure)
        def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            for name, value in named(args, kwargs):
                check_callback(value, name)
            return self._perform(run(self, *args, **kwargs))

        return self._described(method, owner)

    def async_method(self, owner: type) -> Callable[..., Any]:
        """The coroutine function that runs the procedure. It awaits all callbacks except ``on_progress``."""
        run = self._run

        @wraps(self._procedure)
        async def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            check_callback(kwargs.get(ON_PROGRESS), ON_PROGRESS)
            return await self._perform(run(self, *args, **kwargs))

        return self._described(method, owner)

    def _run(self, instance: Any, *args: Any, **kwargs: Any) -> Procedure[Any]:
        return self._procedure(instance, *args, **kwargs)

    def _named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The arguments of a call, with the names of their parameters."""
        yield from zip(self._procedure.__code__.co_varnames[1:], args, strict=False)
        yield from kwargs.items()

    def _result(self, owner: type) -> str:
        """The method's return type, as an annotation."""
        annotation = str(self._procedure.__annotations__["return"])
        return _concrete(owner, annotation.removeprefix("Procedure[").removesuffix("]"))

    def _described(self, method: Callable[..., Any], owner: type) -> Callable[..., Any]:
        returns = self._result(owner)
        signature = inspect.signature(self._procedure).replace(return_annotation=returns)
        method.__signature__ = signature  # type: ignore[attr-defined]
        method.__annotations__ = {**self._procedure.__annotations__, "return": returns}
        method.__qualname__ = f"{owner.__qualname__}.{method.__name__}"
        method.procedure = self._procedure  # type: ignore[attr-defined]
        return method


class operation(_ProcedureMethod, Generic[P, R]):
    """Turns a procedure into a method that returns the procedure's result."""

    def __init__(self, procedure: Callable[Concatenate[Any, P], Procedure[R]]) -> None:
        super().__init__(procedure)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> operation[P, R]: ...
        @overload
        def __get__(self, instance: SyncFace, owner: Any = None) -> Callable[P, R]: ...
        @overload
        def __get__(self, instance: AsyncFace, owner: Any = None) -> Callable[P, Coroutine[Any, Any, R]]: ...
        def __get__(self, instance: Any, owner: Any = None) -> Any: ...

        def procedure(self, instance: Any, *args: P.args, **kwargs: P.kwargs) -> Procedure[R]:
            """The procedure itself, for use within another: ``yield from Kind.method.procedure(component, …)``."""
            ...


class edit(_ProcedureMethod, Generic[P]):
    """Turns a procedure into a method that changes its component and returns it."""

    def __init__(self, procedure: Callable[Concatenate[Any, P], Procedure[None]]) -> None:
        super().__init__(procedure)

    def _run(self, instance: Any, *args: Any, **kwargs: Any) -> Procedure[Any]:
        yield from self._procedure(instance, *args, **kwargs)
        return instance

    def _result(self, owner: type) -> str:
        return owner.__name__

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> edit[P]: ...
        @overload
        def __get__(self, instance: SyncOwner, owner: Any = None) -> Callable[P, SyncOwner]: ...
        @overload
        def __get__(self, instance: AsyncOwner, owner: Any = None) -> Callable[P, Coroutine[Any, Any, AsyncOwner]]: ...
        def __get__(self, instance: Any, owner: Any = None) -> Any: ...

        def procedure(self, instance: Any, *args: P.args, **kwargs: P.kwargs) -> Procedure[Any]:
            """As for `operation`. It returns the component."""
            ...


def _procedure_methods(owner: type) -> Iterator[tuple[str, _ProcedureMethod]]:
    """The procedures of a class that are not methods yet. An overridden one is left out."""
    found = {name: value for base in reversed(owner.__mro__) for name, value in vars(base).items()}
    return ((name, value) for name, value in found.items() if isinstance(value, _ProcedureMethod))


def _concrete(owner: type, annotation: str) -> str:
    """The concrete type of an annotation that is a type variable of a base class."""
    for base in getattr(owner, "__orig_bases__", ()):
        parameters = getattr(get_origin(base), "__parameters__", ())
        for parameter, argument in zip(parameters, get_args(base), strict=False):
            if parameter.__name__ == annotation and isinstance(argument, type):
                return argument.__name__
    return annotation
