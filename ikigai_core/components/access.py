"""Access of other users to an app or a custom facet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from ikigai_core.api import apps, custom_facets
from ikigai_core.api.call import Call
from ikigai_core.enums import AppAccessLevel, CustomFacetAccessLevel
from ikigai_core.errors import InvalidInputError
from ikigai_core.procedure import Procedure, send, send_removal
from ikigai_core.sync_async import AsyncFace, SyncFace, edit
from ikigai_core.validation import check_name

L = TypeVar("L", bound=StrEnum)


@dataclass(frozen=True)
class Grants(Generic[L]):
    """The endpoints that change the access to one component.

    Attributes
    ----------
    levels : type
        The available access levels.
    """

    levels: type[L]
    share: Callable[[str, str], Call[str]]
    edit: Callable[[str, str], Call[str]]
    unshare: Callable[[str], Call[str]]


def app_grants(app_id: str) -> Grants[AppAccessLevel]:
    """The access to an app."""
    return Grants(
        AppAccessLevel,
        lambda email, level: apps.share(app_id, email, level),
        lambda email, level: apps.edit_access(app_id, email, level),
        lambda email: apps.unshare(app_id, email),
    )


def custom_facet_grants(custom_facet_id: str) -> Grants[CustomFacetAccessLevel]:
    """The access to a custom facet. The platform revokes access with the level ``NO_ACCESS``."""
    return Grants(
        CustomFacetAccessLevel,
        lambda email, level: custom_facets.share(custom_facet_id, email, level),
        lambda email, level: custom_facets.edit_access(custom_facet_id, email, level),
        lambda email: custom_facets.edit_access(custom_facet_id, email, "NO_ACCESS"),
    )


class _AccessProcedures(Generic[L]):
    def __init__(self, client: Any, grants: Grants[L]) -> None:
        self._client = client
        self._grants = grants

    @edit
    def grant(self, email: str, access_level: L) -> Procedure[None]:
        """Give a user access.

        Parameters
        ----------
        email : str
            The user's email address.
        access_level : AppAccessLevel or CustomFacetAccessLevel
            An access level, or its value as a string.

        Raises
        ------
        InvalidInputError
            There is no such access level. Nothing was sent.
        """
        check_name(email, "user")
        yield from send(self._grants.share(email, self._level(access_level)))

    @edit
    def update(self, email: str, access_level: L) -> Procedure[None]:
        """Change a user's access level. Parameters and errors as for `grant`."""
        check_name(email, "user")
        yield from send(self._grants.edit(email, self._level(access_level)))

    @edit
    def revoke(self, email: str) -> Procedure[None]:
        """Take a user's access away."""
        check_name(email, "user")
        yield from send_removal(self._grants.unshare(email))

    def _level(self, access_level: L) -> str:
        try:
            return self._grants.levels(access_level).value
        except ValueError:
            known = ", ".join(level.value for level in self._grants.levels)
            raise InvalidInputError(f"There is no access level {access_level!r}: choose one of {known}.") from None


class Access(SyncFace, _AccessProcedures[L]):
    """The access of other users to a component: ``app.access.grant(email, level)``."""


class AsyncAccess(AsyncFace, _AccessProcedures[L]):
    """The access of other users to a component: ``await app.access.grant(email, level)``."""
