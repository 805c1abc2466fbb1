"""Finding and bringing about the platform's components, in words that the sync and the async client both carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ikigai_core.procedure import Procedure

if TYPE_CHECKING:
    from ikigai_core import AsyncIkigai, Ikigai

Client: TypeAlias = "Ikigai | AsyncIkigai"


def get(browser: Any, name: str) -> Procedure[Any]:
    """The component of that name or id; `NotFoundError` where there is none."""
    return (yield from type(browser).find.procedure(browser, name))


def get_app(ikigai: Client, name: str, *, create: bool = False) -> Procedure[Any]:
    """The app of that name, created where there is none if that is asked for."""
    if not create:
        return (yield from get(ikigai.apps, name))
    return (yield from ensure(ikigai.app.new(name)))


def get_dataset(ikigai: Client, app: str, dataset: str) -> Procedure[Any]:
    """A dataset of an app."""
    home = yield from get(ikigai.apps, app)
    return (yield from get(home.datasets, dataset))


def get_flow(ikigai: Client, app: str, flow: str) -> Procedure[Any]:
    """A flow of an app."""
    home = yield from get(ikigai.apps, app)
    return (yield from get(home.flows, flow))


def ensure(builder: Any) -> Procedure[Any]:
    """What a builder describes: created, or brought up to date."""
    return (yield from type(builder).ensure.procedure(builder))


def call(component: Any, operation: str, *args: Any, **kwargs: Any) -> Procedure[Any]:
    """What an operation of a component does and returns, on either face."""
    return (yield from getattr(type(component), operation).procedure(component, *args, **kwargs))
