"""Directories, into which apps and the components of an app can be put."""

from __future__ import annotations

from typing import Any, Self

from ikigai_core.api import directories
from ikigai_core.components.component import Record, printed
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.enums import DirectoryType
from ikigai_core.errors import InvalidInput
from ikigai_core.faces import AsyncFace, SyncFace, operation
from ikigai_core.procedure import Procedure, ask


class Directory(Record):
    """A directory.

    Attributes
    ----------
    directory_id, name : str
    type : DirectoryType
        What it holds.
    """

    directory_id: str
    name: str
    type: DirectoryType

    def to_dict(self) -> dict[str, Any]:
        """The form in which a component refers to its directory."""
        return {"directory_id": self.directory_id, "type": self.type.value, "name": self.name}

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


def reference(directory: Directory | None) -> dict[str, Any] | None:
    """The form in which a component refers to its directory, where it has one."""
    return None if directory is None else directory.to_dict()


def list_directories(kind: DirectoryType, app_id: str | None = None) -> Procedure[NamedMapping[Directory]]:
    """All directories of a kind, of the account or of an app, as a mapping by name."""
    records = yield from ask(directories.listing(kind, app_id=app_id))
    found = (Directory.read(record) for record in records)
    return NamedMapping({directory.directory_id: directory for directory in found})


class _DirectoryBuilderText:
    def __init__(self, client: Any, kind: DirectoryType, app_id: str | None = None) -> None:
        self._client = client
        self._kind = kind
        self._app_id = app_id
        self._name = ""
        self._parent: Directory | None = None

    def new(self, name: str) -> Self:
        """Name the directory."""
        self._name = name
        return self

    def parent(self, parent: Directory) -> Self:
        """Put the directory into another one of its kind."""
        self._parent = parent
        return self

    @operation
    def build(self) -> Procedure[Directory]:
        """Create the directory."""
        if not self._name:
            raise InvalidInput("The directory has no name: begin with .new(name).")
        parent_id = self._parent.directory_id if self._parent else ""
        call = directories.create(self._kind, self._name, app_id=self._app_id, parent_id=parent_id)
        directory_id = yield from ask(call)
        return Directory.read((yield from ask(directories.fetch(self._kind, directory_id, app_id=self._app_id))))


class DirectoryBuilder(SyncFace, _DirectoryBuilderText):
    """Builds a directory: ``app.dataset_directory.new(name).build()``."""


class AsyncDirectoryBuilder(AsyncFace, _DirectoryBuilderText):
    """Builds a directory: ``await app.dataset_directory.new(name).build()``."""
