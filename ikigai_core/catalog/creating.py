"""Creating a component once, whatever becomes of the answer."""

from __future__ import annotations

from ikigai_core.api.answers import Record
from ikigai_core.api.call import Call
from ikigai_core.catalog.finding import ambiguous
from ikigai_core.catalog.kinds import Kind
from ikigai_core.catalog.listing import named
from ikigai_core.errors import AnswerLostError, IkigaiError, ServerError
from ikigai_core.procedure import Procedure, pause, send

LOOK_FOR = 10.0
"""Seconds for which a component is looked for whose creation was not answered."""


def create(kind: Kind, name: str, call: Call[str], *, is_first: bool) -> Procedure[str]:
    """Create a component, and return its id. It is never sent twice.

    Parameters
    ----------
    is_first : bool
        Whether nothing carried the name before, and nobody else uses it: then it is known what an answer that was lost
        was about.

    Raises
    ------
    AnswerLostError, ServerError
        Whether it was created is not known.
    AmbiguousError
        Somebody else has used the name meanwhile.
    """
    try:
        return (yield from send(call))
    except (AnswerLostError, ServerError) as error:
        if not is_first:
            raise
        same = yield from appeared(kind, name, error)
        if len(same) > 1:
            raise ambiguous(kind, name, same) from None
        return str(same[0][kind.id_key])


def appeared(kind: Kind, name: str, unanswered: IkigaiError) -> Procedure[list[Record]]:
    """What carries a name after a creation that was not answered: one component at least.

    Raises
    ------
    IkigaiError
        The given one: nothing appeared for `LOOK_FOR`.
    """
    began = now = yield from pause(0)
    while now - began < LOOK_FOR:
        try:
            same = yield from named(kind, name)
        except IkigaiError as away:
            if not away.transient:
                raise
            same = []
        if same:
            return same
        now = yield from pause(1.0)
    raise unanswered from None
