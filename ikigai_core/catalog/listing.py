"""Complete listings: if the platform cuts a list short, the rest is found through directories and search."""

from __future__ import annotations

import string
from collections.abc import Iterable

from ikigai_core.api import apps, directories
from ikigai_core.api.answers import Listing, Record, objects
from ikigai_core.api.call import Call
from ikigai_core.catalog.kinds import Kind
from ikigai_core.errors import BadRequestError, NotFoundError
from ikigai_core.procedure import Procedure, send

MOST_REQUESTS = 300
"""Maximum number of requests for the rest of a list that was cut short."""

_ROOT = ""
_CHARACTERS = string.ascii_letters + string.digits + " _-."


def list_all(kind: Kind) -> Procedure[Listing]:
    """List all components of a kind.

    Returns
    -------
    Listing
        Its `limit_warning` is empty, unless even directories and search did not find all of them.
    """
    listing = yield from send(kind.listing(None))
    if not listing.limit_warning:
        return listing
    return (yield from _Rest(kind, listing).find())


def search_all(kind: Kind, query: str) -> Procedure[Listing]:
    """List all components whose name contains the query; case does not matter. Otherwise as `list_all`."""
    found = yield from send(kind.search(query))
    if not found.limit_warning:
        return found
    listing = yield from list_all(kind)
    records = {str(record[kind.id_key]): record for record in found.records}
    for record in listing.records:
        if query.casefold() in record["name"].casefold():
            records[str(record[kind.id_key])] = record
    return Listing(list(records.values()), found.limit_warning if listing.limit_warning else "")


def named(kind: Kind, name: str) -> Procedure[list[Record]]:
    """List all components with exactly that name."""
    found = yield from search_all(kind, name)
    same = [record for record in found.records if record["name"] == name]
    if found.limit_warning and not same:
        # A component may exist although no list shows it. Request it by name, to be sure that the name is free.
        same += yield from _by_name(kind, name)
    return same


def _by_name(kind: Kind, name: str) -> Procedure[list[Record]]:
    try:
        return [(yield from send(kind.by_name(name)))]
    except (NotFoundError, BadRequestError):
        return []


class _Rest:
    """Finds the components that are missing from a list that was cut short."""

    def __init__(self, kind: Kind, cut: Listing) -> None:
        self._kind = kind
        self._warning = cut.limit_warning
        self._records: dict[str, Record] = {}
        self._requests_left = MOST_REQUESTS
        self._add(cut.records)

    def find(self) -> Procedure[Listing]:
        is_complete = (yield from self._walk_directories()) or (yield from self._search())
        return Listing(list(self._records.values()), "" if is_complete else self._warning)

    def _walk_directories(self) -> Procedure[bool]:
        """List each directory, and the components outside directories. Return whether that found everything."""
        kind = self._kind
        if kind.directories is None:
            return False
        known = set(self._records)
        all_directories = yield from send(directories.listing(kind.directories, app_id=kind.app_id))
        is_complete, seen = True, set()
        for directory_id in (_ROOT, *(str(record["directory_id"]) for record in all_directories)):
            if self._requests_left <= 0:
                return False
            found = yield from self._look(kind.listing(directory_id))
            seen |= {str(record[kind.id_key]) for record in found.records}
            is_complete &= not found.limit_warning
        # Some platforms may not take the root as "in no directory". Then the walk misses known components.
        return is_complete and known <= seen

    def _search(self) -> Procedure[bool]:
        """Search for every character, then for longer strings. Return whether that found everything.

        A search that is not cut short is complete. So a name that is still unknown consists only of strings whose
        search was cut short. Only such strings are worth extending.
        """
        texts = yield from self._characters()
        while texts:
            cut = []
            for text in texts:
                if self._requests_left <= 0:
                    return False
                if (yield from self._look(self._kind.search(text))).limit_warning:
                    cut.append(text)
                    self._add((yield from _by_name(self._kind, text)))
            texts = [text + other[-1] for text in cut for other in cut if text[1:] == other[:-1]]
        return True

    def _look(self, call: Call[Listing]) -> Procedure[Listing]:
        self._requests_left -= 1
        try:
            found = yield from send(call)
        except (NotFoundError, BadRequestError):
            # This platform does not support this request: it finds nothing, and proves nothing.
            return Listing([], self._warning)
        self._add(found.records)
        return found

    def _add(self, records: Iterable[Record]) -> None:
        for record in records:
            self._records.setdefault(str(record[self._kind.id_key]), record)

    def _search_folds_case(self) -> Procedure[bool]:
        for record_id, record in list(self._records.items()):
            other_case = record["name"].swapcase()
            if other_case.casefold() == record["name"].casefold() and other_case != record["name"]:
                found = yield from self._look(self._kind.search(other_case))
                return any(str(each[self._kind.id_key]) == record_id for each in found.records)
        return False

    def _characters(self) -> Procedure[list[str]]:
        """The characters that names may contain: letters, digits, and all characters of known names."""
        known = [record["name"] for record in self._records.values()]
        if self._kind.app_id is not None:
            components = yield from send(apps.components(self._kind.app_id))
            listed = objects(components, f"{self._kind.id_key.removesuffix('_id')}s", "name")
            known += [record["name"] for record in listed]
        text = "".join(known) + _CHARACTERS
        folds_case = yield from self._search_folds_case()
        return sorted(set(text.casefold() if folds_case else text))
