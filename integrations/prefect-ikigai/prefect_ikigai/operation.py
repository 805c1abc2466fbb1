"""The operations of tasks and blocks on the platform, written once for the sync and the async client."""

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
    """An operation on the platform.

    Attributes
    ----------
    credentials : IkigaiCredentials
        Credentials for the operation.
    steps : callable
        Returns the procedure of the operation for a client.
    """

    credentials: IkigaiCredentials
    steps: Callable[[AnyClient], Procedure[R]]

    def perform(self) -> R:
        """Perform the operation."""
        with self.credentials.get_client() as ikigai:
            return ikigai.run(self.steps(ikigai))

    async def aperform(self) -> R:
        """Async counterpart of `perform`."""
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
    """Async counterpart of `performed`."""

    @wraps(text)
    async def aperform(*args: P.args, **kwargs: P.kwargs) -> R:
        return await text(*args, **kwargs).aperform()

    return returning(aperform, "Operation[", "")


def returning(function: F, text: str, own: str) -> F:
    """Change the return annotation of a function that wraps a function with another return type.

    Parameters
    ----------
    function : callable
        The function. Its annotations must be strings.
    text, own : str
        Old and new beginning of the annotation, up to its bracket. An empty `own` leaves the content of the brackets.
    """
    signature = inspect.signature(function)
    told = signature.return_annotation.removeprefix(text)
    returns = f"{own}{told}" if own else told.removesuffix("]")
    function.__signature__ = signature.replace(return_annotation=returns)  # type: ignore[attr-defined]
    function.__annotations__ = {**function.__annotations__, "return": returns}
    return function
