"""Apps: what everything else belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import Field

from ikigai_core.api import apps, flows
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.components.access import Access, AsyncAccess, app_grants
from ikigai_core.components.browser import AsyncBrowser, Browser
from ikigai_core.components.builder import Builder
from ikigai_core.components.component import Component
from ikigai_core.components.creating import create
from ikigai_core.components.dataset import (
    AsyncDataset,
    AsyncDatasetBuilder,
    Dataset,
    DatasetBuilder,
)
from ikigai_core.components.differences import differences
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
from ikigai_core.components.directory import Directory, list_directories, place, reference
from ikigai_core.components.finding import find_only
from ikigai_core.components.flow import AsyncFlow, AsyncFlowBuilder, Flow, FlowBuilder
from ikigai_core.components.kinds import apps_of, datasets_of, flows_of, models_of
from ikigai_core.components.listing import list_all, named
from ikigai_core.components.model import AsyncModel, AsyncModelBuilder, Model, ModelBuilder
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.components.printing import printed
from ikigai_core.enums import AppAccessLevel
from ikigai_core.faces import AsyncFace, SyncFace, edit, operation
from ikigai_core.given import check_name, check_new_name, check_text
from ikigai_core.procedure import Procedure, ask, pause

SETTLING = 2.0
"""Seconds after which all who created an app within the same second, to which the platform stamps them, see each
other's and agree on the first."""


class AppRecord(Component):
    """What the platform tells of an app.

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
        """The app's page for people; None where the platform's pages are not known. Sends nothing."""
        return self._page(self.app_id)

    def __repr__(self) -> str:
        return printed(self)

    def __str__(self) -> str:
        return self.name


class _AppText:
    """What an app can do."""

    if TYPE_CHECKING:
        app_id: str
        name: str
        description: str
        _client: Any

        def to_dict(self) -> dict[str, Any]: ...

    @operation
    def describe(self) -> Procedure[dict[str, Any]]:
        """The app's details and all its components, as plain values."""
        components = yield from ask(apps.components(self.app_id))
        return {"app": self.to_dict(), "components": components}

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Give the app another name."""
        check_name(name, "app")
        yield from ask(apps.edit(self.app_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the app into a directory."""
        yield from ask(apps.edit(self.app_id, directory=place(directory)))

    @edit
    def update_description(self, description: str) -> Procedure[None]:
        """Change the description."""
        check_text(description, "The description")
        yield from ask(apps.edit(self.app_id, description=description))
        self.description = description

    @operation
    def flow_definitions(self) -> Procedure[dict[str, WireRecord]]:
        """The definitions of all of the app's flows, by flow id, as the platform keeps them: unchecked, in its words.

        One request, and one more for each flow whose definition the listing leaves out.
        """
        listing = yield from list_all(flows_of(self.app_id, self.name))
        definitions: dict[str, WireRecord] = {}
        for record in listing.records:
            flow_id = str(record["pipeline_id"])
            full = record if "definition" in record else (yield from ask(flows.fetch(flow_id)))
            definitions[flow_id] = full["definition"]
        return definitions

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the app with everything in it."""
        yield from ask(apps.delete(self.app_id))


class App(AppRecord, SyncFace, _AppText):
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
        """Who else may use the app: ``app.access.grant(email, level)``."""
        return Access(self._client, app_grants(self.app_id))


class AsyncApp(AppRecord, AsyncFace, _AppText):
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
        """Who else may use the app: ``await app.access.grant(email, level)``."""
        return AsyncAccess(self._client, app_grants(self.app_id))


A = TypeVar("A", bound=AppRecord)


class _AppBuilderText(Builder, Generic[A]):
    def __init__(self, client: Any, user_email: str, component: type[A]) -> None:
        self._client = client
        self._user_email = user_email
        self._component = component
        self._name = ""
        self._description: str | None = None
        self._directory: Directory | None = None

    def new(self, name: str) -> Self:
        """Name the app."""
        self._name = name
        return self

    def description(self, description: str) -> Self:
        """Describe the app."""
        self._description = description
        return self

    def directory(self, directory: Directory) -> Self:
        """Put the app into a directory."""
        self._directory = directory
        return self

    @operation
    def build(self) -> Procedure[A]:
        """Create the app."""
        self._check_name()
        return (yield from self._create())

    @operation
    def ensure(self) -> Procedure[A]:
        """Create the app, or bring its description and directory up to date where they were given.

        The app's ``changes`` then say ``("created",)``, the names of what was changed, or ``()`` where all was so.

        Raises
        ------
        Ambiguous
            Several apps have the name.
        """
        self._check_name()
        current = yield from find_only(apps_of(self._user_email), self._name)
        if current is None:
            return (yield from self._create_only())
        differing = differences(current, self._directory, description=self._description)
        app_id = str(current["project_id"])
        if not differing:
            return self._component.bind(current, self._client)
        yield from ask(apps.edit(app_id, **differing))
        return (yield from self._fetch(app_id, tuple(differing)))

    def _check_name(self) -> None:
        check_new_name(self._name, "app")

    def _create_only(self) -> Procedure[A]:
        """Create the app; where somebody did so at the same moment, keep the first and delete the other.

        Steps side by side often ensure the same app, and an app that was just made holds nothing yet.
        """
        app = yield from self._create(is_first=True)
        yield from pause(SETTLING)
        namesakes = yield from named(apps_of(self._user_email), self._name)
        first = min(namesakes, key=lambda record: (int(record["created_at"]), record["project_id"]), default=None)
        if first is None or first["project_id"] == app.app_id:
            return app
        yield from ask(apps.delete(app.app_id))
        return self._component.bind(first, self._client)

    def _create(self, *, is_first: bool = False) -> Procedure[A]:
        call = apps.create(self._name, self._description or "", reference(self._directory))
        app_id = yield from create(apps_of(self._user_email), self._name, call, is_first=is_first)
        return (yield from self._fetch(app_id, ("created",)))

    def _fetch(self, app_id: str, changes: tuple[str, ...]) -> Procedure[A]:
        return self._component.bind((yield from ask(apps.fetch(app_id))), self._client, changes)


class AppBuilder(SyncFace, _AppBuilderText[App]):
    """Builds an app: ``ikigai.app.new(name).build()``."""


class AsyncAppBuilder(AsyncFace, _AppBuilderText[AsyncApp]):
    """Builds an app: ``await ikigai.app.new(name).build()``."""
