"""Directories of a user's apps."""

from __future__ import annotations

from typing import ClassVar

from ikigai_core.api import directories
from ikigai_core.catalog.kinds import apps_of
from ikigai_core.components.app import App, AsyncApp
from ikigai_core.components.directory import AsyncDirectoryBuilder, DirectoryBuilder, DirectoryProcedures, contents
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.enums import DirectoryType
from ikigai_core.procedure import Procedure, send_removal
from ikigai_core.sync_async import AsyncFace, SyncFace, operation


class _OfApps(DirectoryProcedures):
    holds: ClassVar[DirectoryType] = DirectoryType.APP

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the directory."""
        yield from send_removal(directories.delete(self.directory_id))


class AppDirectory(_OfApps, SyncFace):
    """A directory of apps."""

    @operation
    def apps(self) -> Procedure[NamedMapping[App]]:
        """List the apps in the directory, as a mapping by name."""
        return (yield from contents(self, apps_of(self._client.user_email), App))


class AsyncAppDirectory(_OfApps, AsyncFace):
    """A directory of apps; its operations are awaited."""

    @operation
    def apps(self) -> Procedure[NamedMapping[AsyncApp]]:
        """List the apps in the directory, as a mapping by name."""
        return (yield from contents(self, apps_of(self._client.user_email), AsyncApp))


AppDirectoryBuilder = DirectoryBuilder[AppDirectory]
AsyncAppDirectoryBuilder = AsyncDirectoryBuilder[AsyncAppDirectory]
