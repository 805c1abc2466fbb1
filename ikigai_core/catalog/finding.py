"""Find one component by its name."""

from __future__ import annotations

from ikigai_core.api.answers import Record
from ikigai_core.catalog.kinds import Kind
from ikigai_core.catalog.listing import list_all
from ikigai_core.errors import AmbiguousError, BadRequestError, NotFoundError, did_you_mean
from ikigai_core.procedure import Procedure, send


def get_by_name(kind: Kind, name: str, *, or_id: bool = False) -> Procedure[Record]:
    """The component of that name; or, if there is none and `or_id` is set, the component with that id.

    Raises
    ------
    NotFoundError
        The message names the most similar existing name.
    """
    try:
        return (yield from send(kind.by_name(name)))
    except (NotFoundError, BadRequestError) as error:
        known = yield from list_all(kind) if or_id else send(kind.listing(None))
        for record in known.records if or_id else ():
            if record[kind.id_key] == name:
                return record
        hint = did_you_mean(name, (record["name"] for record in known.records))
        raise NotFoundError(
            f"{kind.missing}There is no {kind.word} {name!r} {kind.place}.",
            status=error.status,
            method=error.method,
            path=error.path,
            request_id=error.request_id,
            hint=hint,
        ) from None


def ambiguous(kind: Kind, name: str, same: list[Record]) -> AmbiguousError:
    """The error to raise if several components have the same name."""
    ids = ", ".join(str(record[kind.id_key]) for record in same)
    return AmbiguousError(
        f"{len(same)} {kind.word}s {kind.place} are named {name!r} ({ids}). "
        "Rename or delete all but one: the client does not guess which one to update."
    )
