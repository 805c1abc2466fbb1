"""Ensure components, as procedures for the sync and the async client. Repeating a call is safe, and changes nothing.

Unusable input is refused before anything is sent. Each component's ``changes`` list the changes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, overload

from ikigai_core.async_client import AsyncIkigai
from ikigai_core.client import Ikigai
from ikigai_core.components.app import App, AsyncApp
from ikigai_core.components.app_builder import AppBuilder
from ikigai_core.components.dataset import AsyncDataset, Dataset
from ikigai_core.components.dataset_builder import DatasetBuilder
from ikigai_core.components.flow import AsyncFlow, Flow
from ikigai_core.components.flow_builder import FlowBuilder
from ikigai_core.components.model import AsyncModel, Model, ModelBuilder
from ikigai_core.errors import NotFoundError
from ikigai_core.orchestration.definitions import Definition, LoadedDefinition
from ikigai_core.orchestration.finding import AnyApp, AnyClient, find_app
from ikigai_core.procedure import Procedure, call_blocking
from ikigai_core.transfer.progress import OnProgress
from ikigai_core.transfer.source import source_of


@overload
def ensure_app(ikigai: Ikigai, app: str, *, create: bool = False) -> Procedure[App]: ...
@overload
def ensure_app(ikigai: AsyncIkigai, app: str, *, create: bool = False) -> Procedure[AsyncApp]: ...
def ensure_app(ikigai: AnyClient, app: str, *, create: bool = False) -> Procedure[Any]:
    """Find the app with that name or id. If there is none and `create` is set, create it.

    Parameters
    ----------
    ikigai : Ikigai or AsyncIkigai
    app : str
        Name or id; the name if it is created.
    create : bool, default False

    Raises
    ------
    NotFoundError
        There is no such app, and `create` is not set.
    """
    try:
        found: AnyApp = yield from find_app(ikigai, app)
    except NotFoundError:
        if not create:
            raise
    else:
        if not create or found.name != app:
            return found
    # Also if the app exists: the creator of a new app may delete it in favor of another one with the same name.
    return (yield from AppBuilder.ensure.procedure(ikigai.app.new(app)))


@overload
def ensure_dataset(
    ikigai: Ikigai,
    app: str,
    dataset: str,
    data: Any,
    *,
    create_app: bool = False,
    on_progress: OnProgress = False,
) -> Procedure[Dataset]: ...
@overload
def ensure_dataset(
    ikigai: AsyncIkigai,
    app: str,
    dataset: str,
    data: Any,
    *,
    create_app: bool = False,
    on_progress: OnProgress = False,
) -> Procedure[AsyncDataset]: ...
def ensure_dataset(
    ikigai: AnyClient,
    app: str,
    dataset: str,
    data: Any,
    *,
    create_app: bool = False,
    on_progress: OnProgress = False,
) -> Procedure[Any]:
    """Create a dataset if it does not exist. Otherwise replace its data if they differ.

    Parameters
    ----------
    ikigai : Ikigai or AsyncIkigai
    app : str
        Name or id.
    dataset : str
        Name.
    data : path, URL, frame or table
        A CSV or Parquet file (which is converted), a pandas frame, or any object with the Arrow stream interface.
    create_app : bool, default False
        Create the app if it does not exist.
    on_progress : callable or bool, default False
        Called with the progress of the upload; see `DatasetBuilder.ensure`.

    Raises
    ------
    InvalidInputError
        The file does not exist or is empty. Nothing was sent.
    """
    yield from call_blocking(partial(source_of, data))
    home = yield from ensure_app(ikigai, app, create=create_app)
    return (yield from DatasetBuilder.ensure.procedure(home.dataset.new(dataset).data(data), on_progress=on_progress))


@overload
def ensure_flow(
    ikigai: Ikigai, app: str, flow: str, definition: Definition, *, create_app: bool = False
) -> Procedure[Flow]: ...
@overload
def ensure_flow(
    ikigai: AsyncIkigai, app: str, flow: str, definition: Definition, *, create_app: bool = False
) -> Procedure[AsyncFlow]: ...
def ensure_flow(
    ikigai: AnyClient, app: str, flow: str, definition: Definition, *, create_app: bool = False
) -> Procedure[Any]:
    """Create a flow if it does not exist. Otherwise update its definition. Parameters as for `ensure_dataset`.

    Raises
    ------
    InvalidDefinitionError
        The message names the facet and its fault.
    """
    loaded = yield from call_blocking(partial(LoadedDefinition.load, definition))
    home = yield from ensure_app(ikigai, app, create=create_app)
    return (yield from FlowBuilder.ensure.procedure(home.flow.new(flow).definition(loaded.definition)))


@overload
def ensure_model(
    ikigai: Ikigai, app: str, model: str, model_type: str, *, description: str | None = None, create_app: bool = False
) -> Procedure[Model]: ...
@overload
def ensure_model(
    ikigai: AsyncIkigai,
    app: str,
    model: str,
    model_type: str,
    *,
    description: str | None = None,
    create_app: bool = False,
) -> Procedure[AsyncModel]: ...
def ensure_model(
    ikigai: AnyClient,
    app: str,
    model: str,
    model_type: str,
    *,
    description: str | None = None,
    create_app: bool = False,
) -> Procedure[Any]:
    """Create a model if it does not exist. Otherwise update its description if one is given.

    Parameters
    ----------
    ikigai : Ikigai or AsyncIkigai
    app : str
        Name or id.
    model : str
        Name.
    model_type : str
        For example ``Linear.Lasso``.
    description : str, optional
        None keeps the current description.
    create_app : bool, default False

    Raises
    ------
    UnknownModelTypeError
        The platform has no such model type.
    """
    kind = (yield from ikigai.model_types_procedure()).find(model_type)
    home = yield from ensure_app(ikigai, app, create=create_app)
    builder = home.model.new(model).model_type(kind)
    return (
        yield from ModelBuilder.ensure.procedure(builder if description is None else builder.description(description))
    )
