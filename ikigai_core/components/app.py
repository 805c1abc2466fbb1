"""Apps. All other components except custom facets belong to an app."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ikigai_core.api import apps, flows
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.api.answers import get_field
from ikigai_core.catalog.kinds import datasets_of, flows_of, models_of
from ikigai_core.catalog.listing import list_all
from ikigai_core.components.access import Access, AsyncAccess, app_grants
from ikigai_core.components.browser import AsyncBrowser, Browser
from ikigai_core.components.component import Component
from ikigai_core.components.dataset import AsyncDataset, Dataset
from ikigai_core.components.dataset_builder import AsyncDatasetBuilder, DatasetBuilder
from ikigai_core.components.directories import (
    AsyncDatasetDirectory,
    AsyncDatasetDirectoryBuilder,
    AsyncFlowDirectory,
    AsyncFlowDirectoryBuilder,
    AsyncModelDirectory,
    AsyncModelDirectoryBuilder,
    DatasetDirectory,
    DatasetDirectoryBuilder,
    FlowDirectory,
    FlowDirectoryBuilder,
    ModelDirectory,
    ModelDirectoryBuilder,
)
from ikigai_core.components.directory import Directory, list_directories, place
from ikigai_core.components.flow import AsyncFlow, Flow
from ikigai_core.components.flow_builder import AsyncFlowBuilder, FlowBuilder
from ikigai_core.components.model import AsyncModel, AsyncModelBuilder, Model, ModelBuilder
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.enums import AppAccessLevel
from ikigai_core.procedure import Procedure, send, send_removal
from ikigai_core.records import printed
from ikigai_core.runs.copies import STALE, sweep
from ikigai_core.sync_async import AsyncFace, SyncFace, edit, operation
from ikigai_core.validation import check_name, check_text


class AppRecord(Component):
    """Record of an app, as the platform describes it.

    Attributes
    ----------
    app_id, name, owner, description : str
        The owner is an email address.
    created_at, modified_at, last_used_at : datetime
        With time zone.
    """

    app_id: str = Field(validation_alias="project_id")
    name: str
    owner: str
    description: str = ""
    created_at: datetime
    modified_at: datetime
    last_used_at: datetime

    @property
    def web_url(self) -> str | None:
        """Address of the app's page for people; None if the platform's pages are not known. Sends nothing."""
        return self._page(self.app_id)

    def __repr__(self) -> str:
        return printed(self)

    def __str__(self) -> str:
        return self.name


class _AppProcedures:
    """Operations of an app."""

    if TYPE_CHECKING:
        app_id: str
        name: str
        description: str
        _client: Any

        def to_dict(self) -> dict[str, Any]: ...

    @operation
    def describe(self) -> Procedure[dict[str, Any]]:
        """Describe the app and all its components, as plain values."""
        components = yield from send(apps.components(self.app_id))
        return {"app": self.to_dict(), "components": components}

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Rename the app."""
        check_name(name, "app")
        yield from send(apps.edit(self.app_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the app into a directory."""
        yield from send(apps.edit(self.app_id, directory=place(directory)))

    @edit
    def update_description(self, description: str) -> Procedure[None]:
        """Change the description."""
        check_text(description, "The description")
        yield from send(apps.edit(self.app_id, description=description))
        self.description = description

    @operation
    def flow_definitions(self) -> Procedure[dict[str, WireRecord]]:
        """Fetch the definitions of all flows of the app, by flow id, in the platform's own format and unchecked.

        Sends one request, and one more for each flow whose definition is missing from the listing.
        """
        listing = yield from list_all(flows_of(self.app_id, self.name))
        definitions: dict[str, WireRecord] = {}
        for record in listing.records:
            flow_id = str(record["pipeline_id"])
            full = record if "definition" in record else (yield from send(flows.fetch(flow_id)))
            definitions[flow_id] = get_field(full, "definition", dict, "pipeline")
        return definitions

    @operation
    def sweep_copies(self, flow: str | None = None, older_than: timedelta = STALE) -> Procedure[list[str]]:
        """Delete abandoned private copies of flows, and return their names.

        A run on a private copy deletes it when it ends. A copy remains only if its process died without a successor.

        Parameters
        ----------
        flow : str, optional
            Name of the flow whose copies are deleted; None for all flows of the app.
        older_than : timedelta, default 24 hours
            Minimum age of the copies to delete, by the platform's timestamp and this machine's clock. Choose more time
            than runs, and pauses between the attempts of a task, take. A copy that is running is not deleted.
        """
        return (yield from sweep(self.app_id, flow, older_than))

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the app with everything in it."""
        yield from send_removal(apps.delete(self.app_id))


class App(AppRecord, SyncFace, _AppProcedures):
    """An app."""

    @property
    def datasets(self) -> Browser[Dataset]:
        """The app's datasets: ``app.datasets()``, ``app.datasets["name"]``."""
        return Browser(self._client, datasets_of(self.app_id, self.name), Dataset)

    @property
    def dataset(self) -> DatasetBuilder:
        """A builder of a dataset: ``app.dataset.new(name).csv(path).build()``."""
        return DatasetBuilder(self._client, self.app_id, self.name, Dataset)

    @property
    def flows(self) -> Browser[Flow]:
        """The app's flows: ``app.flows()``, ``app.flows["name"]``."""
        return Browser(self._client, flows_of(self.app_id, self.name), Flow)

    @property
    def flow(self) -> FlowBuilder:
        """A builder of a flow: ``app.flow.new(name).definition(d).build()``."""
        return FlowBuilder(self._client, self.app_id, self.name, Flow)

    @operation
    def dataset_directories(self) -> Procedure[NamedMapping[DatasetDirectory]]:
        """The app's directories of datasets, as a mapping by name."""
        return (yield from list_directories(DatasetDirectory, self._client, self.app_id))

    @property
    def dataset_directory(self) -> DatasetDirectoryBuilder:
        """A builder of a directory of datasets: ``app.dataset_directory.new(name).build()``."""
        return DatasetDirectoryBuilder(self._client, DatasetDirectory, self.app_id)

    @operation
    def flow_directories(self) -> Procedure[NamedMapping[FlowDirectory]]:
        """The app's directories of flows, as a mapping by name."""
        return (yield from list_directories(FlowDirectory, self._client, self.app_id))

    @property
    def flow_directory(self) -> FlowDirectoryBuilder:
        """A builder of a directory of flows: ``app.flow_directory.new(name).build()``."""
        return FlowDirectoryBuilder(self._client, FlowDirectory, self.app_id)

    @property
    def models(self) -> Browser[Model]:
        """The app's models: ``app.models()``, ``app.models["name"]``."""
        return Browser(self._client, models_of(self.app_id, self.name), Model)

    @property
    def model(self) -> ModelBuilder:
        """A builder of a model: ``app.model.new(name).model_type(t).build()``."""
        return ModelBuilder(self._client, self.app_id, self.name, Model)

    @operation
    def model_directories(self) -> Procedure[NamedMapping[ModelDirectory]]:
        """The app's directories of models, as a mapping by name."""
        return (yield from list_directories(ModelDirectory, self._client, self.app_id))

    @property
    def model_directory(self) -> ModelDirectoryBuilder:
        """A builder of a directory of models: ``app.model_directory.new(name).build()``."""
        return ModelDirectoryBuilder(self._client, ModelDirectory, self.app_id)

    @property
    def access(self) -> Access[AppAccessLevel]:
        """The access of other users to the app: ``app.access.grant(email, level)``."""
        return Access(self._client, app_grants(self.app_id))


class AsyncApp(AppRecord, AsyncFace, _AppProcedures):
    """An app; its operations are awaited."""

    @property
    def datasets(self) -> AsyncBrowser[AsyncDataset]:
        """The app's datasets: ``await app.datasets()``, ``await app.datasets["name"]``."""
        return AsyncBrowser(self._client, datasets_of(self.app_id, self.name), AsyncDataset)

    @property
    def dataset(self) -> AsyncDatasetBuilder:
        """A builder of a dataset: ``await app.dataset.new(name).csv(path).build()``."""
        return AsyncDatasetBuilder(self._client, self.app_id, self.name, AsyncDataset)

    @property
    def flows(self) -> AsyncBrowser[AsyncFlow]:
        """The app's flows: ``await app.flows()``, ``await app.flows["name"]``."""
        return AsyncBrowser(self._client, flows_of(self.app_id, self.name), AsyncFlow)

    @property
    def flow(self) -> AsyncFlowBuilder:
        """A builder of a flow: ``await app.flow.new(name).definition(d).build()``."""
        return AsyncFlowBuilder(self._client, self.app_id, self.name, AsyncFlow)

    @operation
    def dataset_directories(self) -> Procedure[NamedMapping[AsyncDatasetDirectory]]:
        """The app's directories of datasets, as a mapping by name."""
        return (yield from list_directories(AsyncDatasetDirectory, self._client, self.app_id))

    @property
    def dataset_directory(self) -> AsyncDatasetDirectoryBuilder:
        """A builder of a directory of datasets: ``await app.dataset_directory.new(name).build()``."""
        return AsyncDatasetDirectoryBuilder(self._client, AsyncDatasetDirectory, self.app_id)

    @operation
    def flow_directories(self) -> Procedure[NamedMapping[AsyncFlowDirectory]]:
        """The app's directories of flows, as a mapping by name."""
        return (yield from list_directories(AsyncFlowDirectory, self._client, self.app_id))

    @property
    def flow_directory(self) -> AsyncFlowDirectoryBuilder:
        """A builder of a directory of flows: ``await app.flow_directory.new(name).build()``."""
        return AsyncFlowDirectoryBuilder(self._client, AsyncFlowDirectory, self.app_id)

    @property
    def models(self) -> AsyncBrowser[AsyncModel]:
        """The app's models: ``await app.models()``, ``await app.models["name"]``."""
        return AsyncBrowser(self._client, models_of(self.app_id, self.name), AsyncModel)

    @property
    def model(self) -> AsyncModelBuilder:
        """A builder of a model: ``await app.model.new(name).model_type(t).build()``."""
        return AsyncModelBuilder(self._client, self.app_id, self.name, AsyncModel)

    @operation
    def model_directories(self) -> Procedure[NamedMapping[AsyncModelDirectory]]:
        """The app's directories of models, as a mapping by name."""
        return (yield from list_directories(AsyncModelDirectory, self._client, self.app_id))

    @property
    def model_directory(self) -> AsyncModelDirectoryBuilder:
        """A builder of a directory of models: ``await app.model_directory.new(name).build()``."""
        return AsyncModelDirectoryBuilder(self._client, AsyncModelDirectory, self.app_id)

    @property
    def access(self) -> AsyncAccess[AppAccessLevel]:
        """The access of other users to the app: ``await app.access.grant(email, level)``."""
        return AsyncAccess(self._client, app_grants(self.app_id))
