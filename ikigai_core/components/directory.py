"""The common base of all directories, and of their builders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import Field, computed_field

from ikigai_core.api import directories
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.catalog.kinds import Kind
from ikigai_core.components.browser import bound_mapping
from ikigai_core.components.builder import Builder
from ikigai_core.components.component import Component
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.enums import DirectoryType
from ikigai_core.procedure import Procedure, send
from ikigai_core.records import printed
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.validation import check_new_name, check_type

C = TypeVar("C", bound=Component)


class Directory(Component):
    """A directory.

    Attributes
    ----------
    directory_id, name : str
    type : DirectoryType
        Kind of its components.
    """

    holds: ClassVar[DirectoryType]

    directory_id: str
    name: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def type(self) -> DirectoryType:
        """Kind of the components in the directory."""
        return self.holds

    def to_dict(self) -> dict[str, Any]:
        """The directory's data as plain values. `from_dict` restores the directory from them."""
        return place(self)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class DirectoryProcedures(Directory):
    """Operations of a directory."""

    @operation
    def directories(self) -> Procedure[NamedMapping[Self]]:
        """List the subdirectories, as a mapping by name."""
        return (yield from list_directories(type(self), self._client, _app_id(self), self.directory_id))


class DirectoryInApp(DirectoryProcedures):
    """A directory of an app's components.

    Attributes
    ----------
    app_id, directory_id, name : str
    type : DirectoryType
        Kind of its components.
    """

    app_id: str = Field(validation_alias="project_id")

    def to_dict(self) -> dict[str, Any]:
        """The directory's data as plain values. `from_dict` restores the directory from them."""
        return {**place(self), "app_id": self.app_id}


D = TypeVar("D", bound=Directory)


def _app_id(directory: Any) -> str | None:
    app_id: str | None = getattr(directory, "app_id", None)
    return app_id


def contents(directory: Directory, kind: Kind, component: type[C]) -> Procedure[NamedMapping[C]]:
    """List the components directly in a directory, as a mapping by name."""
    listing = yield from send(kind.listing(directory.directory_id))
    return (yield from bound_mapping(kind, component, directory._client, listing))


def reference(directory: Directory | None) -> dict[str, Any] | None:
    """The form in which a component refers to its directory; None if it has none."""
    return None if directory is None else place(directory)


def place(directory: Directory) -> dict[str, Any]:
    """The form in which a component refers to its directory.

    Raises
    ------
    WrongInputTypeError
    """
    check_type(directory, Directory, "The directory", "a directory, such as app.dataset_directories()['name']")
    return {"directory_id": directory.directory_id, "type": directory.type.value, "name": directory.name}


def list_directories(
    directory: type[D], client: Any, app_id: str | None = None, parent_id: str | None = None
) -> Procedure[NamedMapping[D]]:
    """List directories of one kind, as a mapping by name: all of the account or the app, or those in a parent."""
    records = yield from send(directories.listing(directory.holds, app_id=app_id, parent_id=parent_id))
    return NamedMapping({str(record["directory_id"]): directory.bind(record, client) for record in records})


def directory_paths(kind: DirectoryType, app_id: str) -> Procedure[dict[str, str]]:
    """The paths of an app's directories by id: the names of the directories above and of itself, with slashes."""
    records = yield from send(directories.listing(kind, app_id=app_id))
    by_id = {str(record["directory_id"]): record for record in records}
    return {directory_id: "/".join(_steps(directory_id, by_id)) for directory_id in by_id}


def _steps(directory_id: str, by_id: Mapping[str, WireRecord]) -> list[str]:
    steps: list[str] = []
    seen: set[str] = set()
    while directory_id in by_id and directory_id not in seen:
        seen.add(directory_id)
        steps.insert(0, str(by_id[directory_id]["name"]))
        directory_id = str(by_id[directory_id].get("parent_id") or "")
    return steps


class _DirectoryBuilderProcedures(Builder, Generic[D]):
    def __init__(self, client: Any, directory: type[D], app_id: str | None = None) -> None:
        self._client = client
        self._component = directory
        self._app_id = app_id
        self._name = ""
        self._parent: Directory | None = None

    def new(self, name: str) -> Self:
        """Set the directory's name."""
        self._name = name
        return self

    def parent(self, parent: Directory) -> Self:
        """Put the directory into another directory of the same kind."""
        self._parent = parent
        return self

    @operation
    def build(self) -> Procedure[D]:
        """Create the directory."""
        check_new_name(self._name, "directory")
        kind, parent_id = self._component.holds, self._parent.directory_id if self._parent else ""
        directory_id = yield from send(directories.create(kind, self._name, app_id=self._app_id, parent_id=parent_id))
        record = yield from send(directories.fetch(kind, directory_id, app_id=self._app_id))
        return self._component.bind(record, self._client, ("created",))


class DirectoryBuilder(SyncFace, _DirectoryBuilderProcedures[D]):
    """Builds a directory: ``app.dataset_directory.new(name).build()``."""


class AsyncDirectoryBuilder(AsyncFace, _DirectoryBuilderProcedures[D]):
    """Builds a directory: ``await app.dataset_directory.new(name).build()``."""
