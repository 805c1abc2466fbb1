"""The building of apps."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from ikigai_core.api import apps
from ikigai_core.components.app import App, AppRecord, AsyncApp
from ikigai_core.components.builder import Builder
from ikigai_core.components.creating import create
from ikigai_core.components.differences import differences
from ikigai_core.components.directory import Directory, reference
from ikigai_core.components.finding import find_only
from ikigai_core.components.kinds import apps_of
from ikigai_core.components.listing import named
from ikigai_core.faces import AsyncFace, SyncFace, operation
from ikigai_core.given import check_new_name
from ikigai_core.procedure import Procedure, ask, pause

SETTLING = 2.0
"""Seconds after which all who created an app within the same second, to which the platform stamps them, see each
other's and agree on the first."""

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
