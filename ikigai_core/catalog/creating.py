"""Create a component only once, even if the answer is lost."""

from __future__ import annotations

from ikigai_core.api.answers import Record
from ikigai_core.api.call import Call
from ikigai_core.catalog.finding import ambiguous
from ikigai_core.catalog.kinds import Kind
from ikigai_core.catalog.listing import named
from ikigai_core.errors import AnswerLostError, IkigaiError, ServerError
from ikigai_core.procedure import Procedure, pause, send

LOOK_FOR = 10.0
"""Seconds to look for a component if its creation was not answered."""


def ids_of(kind: Kind, name: str) -> Procedure[frozenset[str]]:
    """The ids of the components with a name."""
    return frozenset(str(record[kind.id_key]) for record in (yield from named(kind, name)))


def create(kind: Kind, name: str, call: Call[str], before: frozenset[str] = frozenset()) -> Procedure[str]:
    """Create a component, and return its id. The request is never sent twice.

    If its answer is lost, the only component that appeared since is the new one.

    Parameters
    ----------
    before : frozenset of str
        The ids that carried the name before. Default: none, and nobody else uses the name.

    Raises
    ------
    AnswerLostError, ServerError
        It is not known whether the component was created.
    AmbiguousError
        Somebody else has used the name in the meantime.
    """
    try:
        return (yield from send(call))
    except (AnswerLostError, ServerError) as error:
        same = yield from appeared(kind, name, error, before)
        if len(same) > 1:
            raise ambiguous(kind, name, same) from None
        return str(same[0][kind.id_key])


def appeared(
    kind: Kind, name: str, unanswered: IkigaiError, before: frozenset[str] = frozenset()
) -> Procedure[list[Record]]:
    """The new components with a name, after a creation that was not answered: at least one.

    Raises
    ------
    IkigaiError
        The given error, if no component appeared within `LOOK_FOR`.
    """
    began = now = yield from pause(0)
    while now - began < LOOK_FOR:
        try:
            same = [each for each in (yield from named(kind, name)) if str(each[kind.id_key]) not in before]
        except IkigaiError as away:
            if not away.transient:
                raise
            same = []
        if same:
            return same
        now = yield from pause(1.0)
    raise unanswered from None
