"""What a task or a block does on the platform, written once and performed by a sync or an async client."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from prefect_ikigai.api.client import sharing_a_client

if TYPE_CHECKING:
    from ikigai_core.orchestration import AnyClient
    from ikigai_core.procedure import Procedure
    from prefect_ikigai.blocks.credentials import IkigaiCredentials

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation(Generic[R]):
    """Something to do on the platform.

    Attributes
    ----------
    credentials : IkigaiCredentials
        Who does it.
    steps : callable
        Given a client, the procedure that does it.
    """

    credentials: IkigaiCredentials
    steps: Callable[[AnyClient], Procedure[R]]

    def perform(self) -> R:
        """Do it."""
        with self.credentials.get_client() as ikigai:
            return ikigai.run(self.steps(ikigai))

    async def aperform(self) -> R:
        """Async twin of `perform`."""
        with sharing_a_client():
            async with self.credentials.get_async_client() as ikigai:
                return await ikigai.run(self.steps(ikigai))


def performed(text: Callable[P, Operation[R]]) -> Callable[P, R]:
    """A function that performs the operation that `text` describes."""

    @wraps(text)
    def perform(*args: P.args, **kwargs: P.kwargs) -> R:
        return text(*args, **kwargs).perform()

    return returning(perform, "Operation[", "")


def aperformed(text: Callable[P, Operation[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Async twin of `performed`."""

    @wraps(text)
    async def aperform(*args: P.args, **kwargs: P.kwargs) -> R:
        return await text(*args, **kwargs).aperform()

    return returning(aperform, "Operation[", "")


def returning(function: F, text: str, own: str) -> F:
    """Let a function's signature tell what it returns, where it wraps a text that returns something else.

    Parameters
    ----------
    function : callable
        Whose annotations are texts.
    text, own : str
        How the annotation begins, and is to begin: up to its bracket, or empty for what is in the brackets.
    """
    signature = inspect.signature(function)
    told = signature.return_annotation.removeprefix(text)
    returns = f"{own}{told}" if own else told.removesuffix("]")
    function.__signature__ = signature.replace(return_annotation=returns)  # type: ignore[attr-defined]
    function.__annotations__ = {**function.__annotations__, "return": returns}
    return function
