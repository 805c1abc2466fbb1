"""Creating a component once, whatever becomes of the answer."""

from __future__ import annotations

from ikigai_core.api.call import Call
from ikigai_core.components.finding import find_only
from ikigai_core.components.kinds import Kind
from ikigai_core.errors import AnswerLost, IkigaiError, ServerError
from ikigai_core.procedure import Procedure, ask, pause

LOOK_FOR = 10.0
"""Seconds for which a component is looked for whose creation was not answered."""


def create(kind: Kind, name: str, call: Call[str], *, is_first: bool) -> Procedure[str]:
    """Create a component, and return its id. It is never sent twice.

    Parameters
    ----------
    is_first : bool
        Whether nothing carried the name before: then it is known what an answer that was lost was about.

    Raises
    ------
    AnswerLost, ServerError
        Whether it was created is not known.
    Ambiguous
        Somebody else has used the name meanwhile.
    """
    try:
        return (yield from ask(call))
    except (AnswerLost, ServerError) as error:
        if not is_first:
            raise
        began = now = yield from pause(0)
        while now - began < LOOK_FOR:
            try:
                record = yield from find_only(kind, name)
            except IkigaiError as away:
                if not away.transient:
                    raise
                record = None
            if record is not None:
                return str(record[kind.id_key])
            now = yield from pause(1.0)
        raise error from None
