"""Find components by name or id, as procedures that are typed for the sync and the async client.

An operation of a found component is also a procedure, under its class: ``Flow.run_logs.procedure(flow, 3)``.
"""

from __future__ import annotations

from typing import Any, TypeAlias, overload

from ikigai_core.async_client import AsyncIkigai
from ikigai_core.client import Ikigai
from ikigai_core.components.app import App, AsyncApp
from ikigai_core.components.browser import Browser
from ikigai_core.components.dataset import AsyncDataset, Dataset
from ikigai_core.components.flow import AsyncFlow, Flow
from ikigai_core.components.model import AsyncModel, AsyncModelVersion, Model, ModelVersion
from ikigai_core.errors import UnknownNameError, did_you_mean
from ikigai_core.procedure import Procedure

AnyClient: TypeAlias = Ikigai | AsyncIkigai
AnyApp: TypeAlias = App | AsyncApp
AnyDataset: TypeAlias = Dataset | AsyncDataset
AnyFlow: TypeAlias = Flow | AsyncFlow
AnyModel: TypeAlias = Model | AsyncModel


@overload
def find_app(ikigai: Ikigai, app: str) -> Procedure[App]: ...
@overload
def find_app(ikigai: AsyncIkigai, app: str) -> Procedure[AsyncApp]: ...
def find_app(ikigai: AnyClient, app: str) -> Procedure[Any]:
    """Find the app with that name or, if there is none, with that id.

    Raises
    ------
    NotFoundError
        There is no such name or id. The message contains the most similar name.

    Examples
    --------
    >>> app = ikigai.run(find_app(ikigai, "Late flights"))  # doctest: +SKIP
    """
    return (yield from Browser.find.procedure(ikigai.apps, app))


@overload
def find_dataset(ikigai: Ikigai, app: str, dataset: str) -> Procedure[Dataset]: ...
@overload
def find_dataset(ikigai: AsyncIkigai, app: str, dataset: str) -> Procedure[AsyncDataset]: ...
def find_dataset(ikigai: AnyClient, app: str, dataset: str) -> Procedure[Any]:
    """Find a dataset of an app, both by name or id. Errors as for `find_app`."""
    home = yield from find_app(ikigai, app)
    return (yield from Browser.find.procedure(home.datasets, dataset))


@overload
def find_flow(ikigai: Ikigai, app: str, flow: str) -> Procedure[Flow]: ...
@overload
def find_flow(ikigai: AsyncIkigai, app: str, flow: str) -> Procedure[AsyncFlow]: ...
def find_flow(ikigai: AnyClient, app: str, flow: str) -> Procedure[Any]:
    """Find a flow of an app, both by name or id. Errors as for `find_app`."""
    home = yield from find_app(ikigai, app)
    return (yield from Browser.find.procedure(home.flows, flow))


@overload
def find_model(ikigai: Ikigai, app: str, model: str) -> Procedure[Model]: ...
@overload
def find_model(ikigai: AsyncIkigai, app: str, model: str) -> Procedure[AsyncModel]: ...
def find_model(ikigai: AnyClient, app: str, model: str) -> Procedure[Any]:
    """Find a model of an app, both by name or id. Errors as for `find_app`."""
    home = yield from find_app(ikigai, app)
    return (yield from Browser.find.procedure(home.models, model))


@overload
def find_model_version(model: Model, version: str | None = None) -> Procedure[ModelVersion]: ...
@overload
def find_model_version(model: AsyncModel, version: str | None = None) -> Procedure[AsyncModelVersion]: ...
def find_model_version(model: AnyModel, version: str | None = None) -> Procedure[Any]:
    """Find a version of a model by name or id, or the newest one.

    Parameters
    ----------
    model : Model or AsyncModel
    version : str, optional
        The version's name or id; None for the newest version.

    Raises
    ------
    UnknownNameError
        There is no such version, or no version at all.
    """
    versions = list((yield from Model.versions.procedure(model)).values())
    if not versions:
        raise UnknownNameError(f"Model {model.name!r} has no version yet: no flow has trained it.")
    wanted = version or (yield from Model.describe.procedure(model)).get("latest_version_id")
    for each in versions:
        if wanted in (each.version_id, each.version):
            return each
    if version is None:
        return max(versions, key=lambda each: (each.created_at, each.version_id))
    hint = did_you_mean(version, (each.version for each in versions))
    raise UnknownNameError(f"Model {model.name!r} has no version {version!r}. {hint}")
