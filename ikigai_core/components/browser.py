"""Find components: all of them, one by its name, or some by a part of the name."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from ikigai_core.api.answers import Listing
from ikigai_core.catalog.finding import get_by_name
from ikigai_core.catalog.kinds import Kind
from ikigai_core.catalog.listing import list_all, search_all
from ikigai_core.components.component import Component
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.procedure import Procedure
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.validation import check_text

C = TypeVar("C", bound=Component)


class _BrowserProcedures(Generic[C]):
    def __init__(self, client: Any, kind: Kind, component: type[C]) -> None:
        self._client = client
        self._kind = kind
        self._component = component

    def __repr__(self) -> str:
        return f"<{self._kind.word}s {self._kind.place}>"

    def __iter__(self) -> Iterator[str]:
        # Without this method, Python would request a component named 0 from the platform.
        raise TypeError(f"Call it to list the {self._kind.word}s: app.{self._kind.word}s(), and search in the result.")

    __contains__ = None

    @operation
    def __call__(self) -> Procedure[NamedMapping[C]]:
        """List all components, as a mapping by name.

        If the platform cuts its list short, the rest is found through directories and search. A warning follows if even
        that may not have found everything.
        """
        return (yield from self._mapping((yield from list_all(self._kind))))

    @operation
    def __getitem__(self, name: str) -> Procedure[C]:
        """The component with that name. Raises `NotFoundError` (also a `KeyError`) if there is none."""
        record = yield from get_by_name(self._kind, name)
        return self._component.bind((yield from self._kind.complete(record, self._client)), self._client)

    @operation
    def find(self, name_or_id: str) -> Procedure[C]:
        """The component with that name, or else with that id. Raises `NotFoundError` if there is neither."""
        record = yield from get_by_name(self._kind, name_or_id, or_id=True)
        return self._component.bind((yield from self._kind.complete(record, self._client)), self._client)

    @operation
    def search(self, query: str) -> Procedure[NamedMapping[C]]:
        """Find the components whose name contains the query, as a mapping by name."""
        check_text(query, "The query")
        return (yield from self._mapping((yield from search_all(self._kind, query))))

    def _mapping(self, listing: Listing) -> Procedure[NamedMapping[C]]:
        return bound_mapping(self._kind, self._component, self._client, listing)


def bound_mapping(kind: Kind, component: type[C], client: Any, listing: Listing) -> Procedure[NamedMapping[C]]:
    """The components of a listing, as a mapping by name. Warns if the platform cut the list short."""
    if listing.limit_warning:
        warnings.warn(f"The list of {kind.word}s is not complete: {listing.limit_warning}", stacklevel=7)
    components: dict[str, C] = {}
    for record in listing.records:
        complete = yield from kind.complete(record, client)
        components[str(record[kind.id_key])] = component.bind(complete, client)
    return NamedMapping(components)


class Browser(SyncFace, _BrowserProcedures[C]):
    """Finds components of one kind: ``browser()``, ``browser["name"]``, ``browser.search("part")``."""

    def _ipython_key_completions_(self) -> list[str]:
        return list(self())


class AsyncBrowser(AsyncFace, _BrowserProcedures[C]):
    """Finds components of one kind: ``await browser()``, ``await browser["name"]``, ``await browser.search("a")``."""
