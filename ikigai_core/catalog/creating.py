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


def create(kind: Kind, name: str, call: Call[str], *, is_first: bool) -> Procedure[str]:
    """Create a component, and return its id. The request is never sent twice.

    Parameters
    ----------
    is_first : bool
        True if no component had the name before, and nobody else uses it. Then a component that appears after a lost
        answer is certainly the new one.

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
        if not is_first:
            raise
        same = yield from appeared(kind, name, error)
        if len(same) > 1:
            raise ambiguous(kind, name, same) from None
        return str(same[0][kind.id_key])


def appeared(kind: Kind, name: str, unanswered: IkigaiError) -> Procedure[list[Record]]:
    """The components with a name, after a creation that was not answered: at least one.

    Raises
    ------
    IkigaiError
        The given error, if no component appeared within `LOOK_FOR`.
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
