"""Builders of apps."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from ikigai_core.api import apps
from ikigai_core.api.call import Call
from ikigai_core.catalog.kinds import apps_of
from ikigai_core.components.app import App, AppRecord, AsyncApp
from ikigai_core.components.builder import Builder
from ikigai_core.components.differences import differences
from ikigai_core.components.directory import Directory, reference
from ikigai_core.components.ensuring import ensure_only
from ikigai_core.procedure import Procedure, send
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.validation import check_new_name

A = TypeVar("A", bound=AppRecord)


class _AppBuilderProcedures(Builder, Generic[A]):
    def __init__(self, client: Any, user_email: str, component: type[A]) -> None:
        self._client = client
        self._user_email = user_email
        self._component = component
        self._name = ""
        self._description: str | None = None
        self._directory: Directory | None = None

    def new(self, name: str) -> Self:
        """Set the app's name."""
        self._name = name
        return self

    def description(self, description: str) -> Self:
        """Set the app's description."""
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
        app_id = yield from send(self._creation())
        return (yield from self._fetch(app_id, ("created",)))

    @operation
    def ensure(self) -> Procedure[A]:
        """Create the app if it does not exist. Otherwise update the description and directory that were given.

        The app's ``changes`` are ``("created",)``, the names of the changed fields, or ``()`` if nothing changed.

        Raises
        ------
        AmbiguousError
            Several apps have the name.
        """
        self._check_name()
        found = yield from ensure_only(apps_of(self._user_email), self._name, self._creation())
        if found.is_own:
            return (yield from self._fetch(found.component_id, found.changes))
        differing = differences(found.record, self._directory, description=self._description)
        if not differing:
            return self._component.bind(found.record, self._client, found.changes)
        yield from send(apps.edit(found.component_id, **differing))
        return (yield from self._fetch(found.component_id, tuple(differing)))

    def _check_name(self) -> None:
        check_new_name(self._name, "app")

    def _creation(self) -> Call[str]:
        return apps.create(self._name, self._description or "", reference(self._directory))

    def _fetch(self, app_id: str, changes: tuple[str, ...]) -> Procedure[A]:
        return self._component.bind((yield from send(apps.fetch(app_id))), self._client, changes)


class AppBuilder(SyncFace, _AppBuilderProcedures[App]):
    """Builds an app: ``ikigai.app.new(name).build()``."""


class AsyncAppBuilder(AsyncFace, _AppBuilderProcedures[AsyncApp]):
    """Builds an app: ``await ikigai.app.new(name).build()``."""
