"""What the kinds of component have in common on the platform, so that finding one is written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ikigai_core.api import apps, custom_facets, datasets, flows, models
from ikigai_core.api.answers import Listing, Record
from ikigai_core.api.call import Call
from ikigai_core.errors import Ambiguous, BadRequest, NotFound, did_you_mean
from ikigai_core.procedure import Procedure, ask

Complete = Callable[[Record, Any], Procedure[Record]]


def _as_it_is(record: Record, client: Any) -> Procedure[Record]:
    return record
    yield


@dataclass(frozen=True)
class Kind:
    """The endpoints that find components of one kind, in one place (an account, or an app).

    Attributes
    ----------
    word : str
        What users call it.
    id_key : str
        The wire's name of its id.
    place : str
        Where it was looked for, for messages.
    """

    word: str
    id_key: str
    place: str
    by_name: Callable[[str], Call[Record]]
    listing: Callable[[], Call[Listing]]
    search: Callable[[str], Call[Listing]]
    complete: Complete = _as_it_is
    """Adds to a record what the platform tells elsewhere."""


def apps_of(user_email: str) -> Kind:
    """The apps of a user."""
    return Kind("app", "project_id", f"for {user_email}", apps.by_name, apps.listing, apps.search)


def custom_facets_of(user_email: str) -> Kind:
    """The custom facets of a user."""
    return Kind(
        "custom facet",
        "custom_facet_id",
        f"for {user_email}",
        custom_facets.by_name,
        custom_facets.listing,
        custom_facets.search,
        with_facet_type,
    )


def with_facet_type(record: Record, client: Any) -> Procedure[Record]:
    """A custom facet's record with its facet type, of which it tells the uid only."""
    facet_types = yield from client.facet_types_text()
    return {**record, "facet_type": facet_types.find_by_uid(record["facet_uid"])}


def datasets_of(app_id: str, app_name: str) -> Kind:
    """The datasets of an app."""
    return Kind(
        "dataset",
        "dataset_id",
        f"in app {app_name!r}",
        lambda name: datasets.by_name(app_id, name),
        lambda: datasets.listing(app_id),
        lambda query: datasets.search(app_id, query),
    )


def flows_of(app_id: str, app_name: str) -> Kind:
    """The flows of an app."""
    return Kind(
        "flow",
        "pipeline_id",
        f"in app {app_name!r}",
        lambda name: flows.by_name(app_id, name),
        lambda: flows.listing(app_id),
        lambda query: flows.search(app_id, query),
    )


def models_of(app_id: str, app_name: str) -> Kind:
    """The models of an app."""
    return Kind(
        "model",
        "model_id",
        f"in app {app_name!r}",
        lambda name: models.by_name(app_id, name),
        lambda: models.listing(app_id),
        lambda query: models.search(app_id, query),
    )


def get_by_name(kind: Kind, name: str, *, or_id: bool = False) -> Procedure[Record]:
    """The component of that name, or, where none has it and that is asked for too, of that id.

    Raises
    ------
    NotFound
        Naming the nearest existing name.
    """
    try:
        return (yield from ask(kind.by_name(name)))
    except (NotFound, BadRequest) as error:
        known = yield from ask(kind.listing())
        for record in known.records if or_id else ():
            if record[kind.id_key] == name:
                return record
        hint = did_you_mean(name, (record["name"] for record in known.records))
        raise NotFound(
            f"There is no {kind.word} {name!r} {kind.place}.",
            status=error.status,
            method=error.method,
            path=error.path,
            request_id=error.request_id,
            hint=hint,
        ) from None


def named(kind: Kind, name: str) -> Procedure[list[Record]]:
    """All components of exactly that name."""
    found = yield from ask(kind.search(name))
    if found.limit_warning:
        found = yield from ask(kind.listing())
    return [record for record in found.records if record["name"] == name]


def find_only(kind: Kind, name: str) -> Procedure[Record | None]:
    """The only component of exactly that name, or None.

    Raises
    ------
    Ambiguous
        Where several share the name.
    """
    same = yield from named(kind, name)
    if len(same) > 1:
        ids = ", ".join(str(record[kind.id_key]) for record in same)
        raise Ambiguous(
            f"{len(same)} {kind.word}s {kind.place} are named {name!r} ({ids}). "
            "Rename or delete all but one: which of them to bring up to date is not for the client to guess."
        )
    return same[0] if same else None
