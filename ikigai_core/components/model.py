"""Models: what an app has learned from its data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from pydantic import ConfigDict, Field

from ikigai_core.api import models
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.api.call import Call
from ikigai_core.catalog.kinds import models_of
from ikigai_core.components.builder import Builder
from ikigai_core.components.component import Component
from ikigai_core.components.differences import differences
from ikigai_core.components.directory import Directory, place, reference
from ikigai_core.components.ensuring import ensure_only
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.errors import InvalidInputError
from ikigai_core.procedure import Procedure, send, send_removal
from ikigai_core.records import printed
from ikigai_core.specs.model import SubModelType
from ikigai_core.sync_async import AsyncFace, SyncFace, edit, operation
from ikigai_core.validation import check_name, check_new_name, check_text, check_type


class ModelVersionRecord(Component):
    """A version of a model: the result of one training.

    Attributes
    ----------
    app_id, model_id, version_id, version : str
        `version` is its name.
    hyperparameters, metrics : dict
    created_at, modified_at : datetime
        With time zone.
    """

    model_config = ConfigDict(protected_namespaces=())

    app_id: str = Field(validation_alias="project_id")
    model_id: str
    version_id: str
    version: str
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime
    modified_at: datetime

    @property  # type: ignore[misc]
    def name(self) -> str:  # type: ignore[override]
        """The version, under which a listing finds it."""
        return self.version

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class _ModelVersionProcedures:
    """Operations of a model's version."""

    if TYPE_CHECKING:
        app_id: str
        version_id: str

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """Fetch the platform's full record of the version, as plain values with the platform's names."""
        return (yield from send(models.version(self.app_id, self.version_id)))


class ModelVersion(ModelVersionRecord, SyncFace, _ModelVersionProcedures):
    """A version of a model."""


class AsyncModelVersion(ModelVersionRecord, AsyncFace, _ModelVersionProcedures):
    """A version of a model; its operations are awaited."""


class ModelRecord(Component):
    """Record of a model, as the platform describes it.

    Attributes
    ----------
    app_id, model_id, name, model_type, sub_model_type, description : str
    created_at, modified_at : datetime
        With time zone.
    """

    model_config = ConfigDict(protected_namespaces=())

    app_id: str = Field(validation_alias="project_id")
    model_id: str
    name: str
    model_type: str
    sub_model_type: str
    description: str = ""
    created_at: datetime
    modified_at: datetime

    @property
    def web_url(self) -> str | None:
        """Address of the model's page for people; None if the platform's pages are not known. Sends nothing."""
        return self._page(self.app_id, "models", self.model_id)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


V = TypeVar("V", bound=ModelVersionRecord)


class _ModelProcedures(Generic[V]):
    """Operations of a model."""

    if TYPE_CHECKING:
        app_id: str
        model_id: str
        name: str
        description: str
        _client: Any
        _version_type: ClassVar[type[Any]]

    @operation
    def versions(self) -> Procedure[NamedMapping[V]]:
        """List the model's versions, as a mapping by version."""
        found = yield from send(models.versions(self.app_id, self.model_id))
        records = ({"project_id": self.app_id, **record} for record in found.records)
        versions = (self._version_type.bind(record, self._client) for record in records)
        return NamedMapping({version.version_id: version for version in versions})

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """Fetch the platform's full record of the model, as plain values with the platform's names."""
        return (yield from send(models.fetch(self.app_id, self.model_id)))

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Rename the model."""
        check_name(name, "model")
        yield from send(models.edit(self.app_id, self.model_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the model into a directory."""
        yield from send(models.edit(self.app_id, self.model_id, directory=place(directory)))

    @edit
    def update_description(self, description: str) -> Procedure[None]:
        """Change the description."""
        check_text(description, "The description")
        yield from send(models.edit(self.app_id, self.model_id, description=description))
        self.description = description

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the model with its versions."""
        yield from send_removal(models.delete(self.app_id, self.model_id))


class Model(ModelRecord, SyncFace, _ModelProcedures[ModelVersion]):
    """A model of an app."""

    _version_type: ClassVar[type[Any]] = ModelVersion


class AsyncModel(ModelRecord, AsyncFace, _ModelProcedures[AsyncModelVersion]):
    """A model of an app; its operations are awaited."""

    _version_type: ClassVar[type[Any]] = AsyncModelVersion


M = TypeVar("M", bound=ModelRecord)


class _ModelBuilderProcedures(Builder, Generic[M]):
    def __init__(self, client: Any, app_id: str, app_name: str, component: type[M]) -> None:
        self._client = client
        self._app_id = app_id
        self._app_name = app_name
        self._component = component
        self._name = ""
        self._model_type: SubModelType | None = None
        self._description: str | None = None
        self._directory: Directory | None = None

    def new(self, name: str) -> Self:
        """Set the model's name."""
        self._name = name
        return self

    def model_type(self, model_type: SubModelType) -> Self:
        """Set the model's type, for example ``ikigai.model_types.Linear.Lasso``."""
        check_type(model_type, SubModelType, "The model type", "such as ikigai.model_types.Linear.Lasso")
        self._model_type = model_type
        return self

    def description(self, description: str) -> Self:
        """Set the model's description."""
        self._description = description
        return self

    def directory(self, directory: Directory) -> Self:
        """Put the model into a directory."""
        self._directory = directory
        return self

    @operation
    def build(self) -> Procedure[M]:
        """Create the model.

        Raises
        ------
        InvalidInputError
            The name or the model type is missing. Nothing was sent.
        """
        model_id = yield from send(self._creation(self._checked_type()))
        return (yield from self._fetch(model_id, ("created",)))

    @operation
    def ensure(self) -> Procedure[M]:
        """Create the model if it does not exist. Otherwise update the description and directory that were given.

        The model's ``changes`` are ``("created",)``, the names of the changed fields, or ``()`` if nothing changed.

        Raises
        ------
        AmbiguousError
            Several models of the app have the name.
        InvalidInputError
            The existing model has another type. A model's type cannot be changed.
        """
        model_type = self._checked_type()
        kind = models_of(self._app_id, self._app_name)
        found = yield from ensure_only(kind, self._name, self._creation(model_type))
        if found.is_own:
            return (yield from self._fetch(found.component_id, found.changes))
        model = self._component.bind(found.record, self._client, found.changes)
        if (model.model_type, model.sub_model_type) != (model_type.model_type, model_type.sub_model_type):
            raise InvalidInputError(
                f"Model {self._name!r} is {model.model_type} {model.sub_model_type}, not {model_type.model_type} "
                f"{model_type.sub_model_type}: a model's type cannot be changed. Choose another name."
            )
        differing = differences(found.record, self._directory, description=self._description)
        if not differing:
            return model
        yield from send(models.edit(self._app_id, model.model_id, **differing))
        return (yield from self._fetch(model.model_id, tuple(differing)))

    def _checked_type(self) -> SubModelType:
        check_new_name(self._name, "model")
        if self._model_type is None:
            raise InvalidInputError(f"Model type must be specified: give model {self._name!r} one with .model_type(…).")
        return self._model_type

    def _creation(self, model_type: SubModelType) -> Call[str]:
        return models.create(
            self._app_id,
            self._name,
            model_type.model_type,
            model_type.sub_model_type,
            directory=reference(self._directory),
            description=self._description or "",
        )

    def _fetch(self, model_id: str, changes: tuple[str, ...]) -> Procedure[M]:
        record = yield from send(models.fetch(self._app_id, model_id))
        return self._component.bind(record, self._client, changes)


class ModelBuilder(SyncFace, _ModelBuilderProcedures[Model]):
    """Builds a model: ``app.model.new(name).model_type(t).build()``."""


class AsyncModelBuilder(AsyncFace, _ModelBuilderProcedures[AsyncModel]):
    """Builds a model: ``await app.model.new(name).model_type(t).build()``."""
