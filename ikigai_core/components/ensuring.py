"""Ensure that there is exactly one component of a name, even if several processes do so at once.

The platform allows several components with the same name, and it has no locks. The protocol relies on one fact only: a
list that shows a component also shows all components that were created before it. So after creating a component, a
process lists the name again.

- If it sees no other component, its own stays, at once. Of two components, the list after the later creation also shows
  the earlier one. So at most one component is ever seen alone, and nobody deletes that one.
- If it sees an earlier one (by the platform's timestamp, then by id), it deletes its own. Nobody uses that one yet.
- Otherwise it waits until the others are deleted. If another one stays, that one was seen alone, or its process died.
  Then this process deletes its own component, unless that is so much older that somebody may already use it.

A process that created nothing takes a component that was alone for `SETTLING`, that is older than that, or that is in
use. By then, its creator has listed the name again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ikigai_core.api.answers import Record, seconds
from ikigai_core.api.call import Call
from ikigai_core.catalog.creating import appeared
from ikigai_core.catalog.finding import ambiguous
from ikigai_core.catalog.kinds import Kind
from ikigai_core.catalog.listing import named
from ikigai_core.errors import AnswerLostError, BadRequestError, NotFoundError, ServerError
from ikigai_core.procedure import Procedure, pause, send, send_removal

SETTLING = 2.0
"""Seconds within which a creator checks for other components of the name, and deletes its own if necessary."""

PATIENCE = 10.0
"""Seconds for which several components may share a name before this is an error."""

_GLANCE = 0.25
_LATE_LOOKS = 3
"""How often a list that took too long is requested again. A platform may always be that slow."""

_CLOCKS = 1.0
"""Maximum difference in seconds between the clocks of the platform and this machine. If they differ by more,
`SETTLING` is waited for unnecessarily, or not at all."""


@dataclass(frozen=True)
class Ensured:
    """The only component of its name.

    Attributes
    ----------
    component_id : str
    record : dict
        As in the listing.
    is_own : bool
        True if this call certainly created it.
    changes : tuple of str
        ``("created",)`` if this call created it, or may have created it because the answer was lost.
    """

    component_id: str
    record: Record
    is_own: bool
    changes: tuple[str, ...]


def ensure_only(kind: Kind, name: str, creation: Call[str]) -> Procedure[Ensured]:
    """Find the only component with exactly that name, or create it if there is none.

    Sends one request if the component exists and is not new, and two more if it is created.

    Raises
    ------
    AmbiguousError
        Several components share the name, and not only during a concurrent creation.
    AnswerLostError, ServerError
        It is not known whether the component was created.
    """
    return (yield from _Ensuring(kind, name, creation).run())


def find_settled(kind: Kind, name: str) -> Procedure[Record | None]:
    """Find the only component with exactly that name, or None. Waits while concurrent creators settle which one stays.

    Raises
    ------
    AmbiguousError
        Several components share the name, and not only during a concurrent creation.
    """
    began: float | None = None
    while len(same := (yield from named(kind, name))) > 1:
        now = yield from pause(_GLANCE)
        began = now if began is None else began
        if not _are_settling(same) or now - began >= PATIENCE:
            raise ambiguous(kind, name, same)
    return same[0] if same else None


class _Ensuring:
    """One call that ensures a component, and its state."""

    def __init__(self, kind: Kind, name: str, creation: Call[str]) -> None:
        self._kind = kind
        self._name = name
        self._creation = creation
        self._own: str | None = None
        self._changes: tuple[str, ...] = ()
        self._now = 0.0
        self._began: float | None = None
        self._seen: set[str] = set()
        self._seen_since = 0.0
        self._was_alone: str | None = None
        self._is_contested = False
        self._late_looks = 0

    def run(self) -> Procedure[Ensured]:
        while True:
            same = yield from named(self._kind, self._name)
            self._note(same)
            if not same and self._own is None:
                yield from self._create()
            elif (ensured := self._settled(same)) is not None:
                return ensured
            elif self._own is None:
                yield from self._await_others(same)
            else:
                yield from self._stand(same, self._own)

    def _note(self, same: list[Record]) -> None:
        ids = {self._id(record) for record in same}
        self._is_contested |= len(same) > 1
        if ids != self._seen:
            self._seen, self._seen_since = ids, self._now

    def _settled(self, same: list[Record]) -> Ensured | None:
        if self._own is not None and not same and self._is_overdue:
            # This platform does not list the component that it created.
            return Ensured(self._own, {self._kind.id_key: self._own}, True, self._changes)
        if len(same) != 1:
            return None
        component_id = self._id(same[0])
        if self._own is None:
            stays = component_id == self._was_alone or not self._may_go(same[0])
        else:
            stays = component_id == self._own
        return Ensured(component_id, same[0], self._own is not None, self._changes) if stays else None

    def _may_go(self, record: Record) -> bool:
        """True if the creator of a component may be about to delete it, as far as one list can show."""
        return not self._kind.is_used(record) and (self._is_contested or _is_young(record))

    def _create(self) -> Procedure[None]:
        try:
            self._own = yield from send(self._creation)
        except (AnswerLostError, ServerError) as error:
            # A component that has appeared may belong to another process, so this call must not delete it as its own.
            yield from appeared(self._kind, self._name, error)
        self._changes = ("created",)
        yield from self._wait(0)

    def _await_others(self, same: list[Record]) -> Procedure[None]:
        """Wait for the creators of these components."""
        if len(same) == 1:
            self._was_alone = self._id(same[0])
            yield from self._wait(SETTLING)
            return
        self._was_alone = None
        if self._is_overdue or not _are_settling(same):
            raise ambiguous(self._kind, self._name, same)
        yield from self._wait(_GLANCE)

    def _stand(self, same: list[Record], own: str) -> Procedure[None]:
        """Keep or delete this call's own component if others exist too."""
        mine = next((record for record in same if self._id(record) == own), None)
        if mine is None and self._is_overdue:
            # Somebody has deleted it.
            self._own, self._changes = None, ()
        elif mine is not None and (mine is not min(same, key=self._rank) or self._others_stay(same, mine)):
            yield from self._withdraw(own)
        elif self._is_overdue:
            raise ambiguous(self._kind, self._name, same)
        else:
            yield from self._wait(_GLANCE)

    def _others_stay(self, same: list[Record], mine: Record) -> bool:
        """True if others stay that were created before anybody can have used this call's component."""
        soon = (_stamp(record) - _stamp(mine) < SETTLING for record in same if record is not mine)
        return self._now - self._seen_since >= SETTLING and any(soon)

    def _withdraw(self, own: str) -> Procedure[None]:
        looked, self._now = self._now, (yield from pause(0))
        if self._now - looked >= SETTLING and self._late_looks < _LATE_LOOKS:
            # This process was suspended, or its list took long. The others may have been deleted in the meantime.
            self._late_looks += 1
            return
        try:
            yield from send_removal(self._kind.delete(own))
        except (NotFoundError, BadRequestError):
            # It has already been deleted.
            pass
        self._own, self._changes = None, ()
        yield from self._wait(0)

    def _wait(self, seconds: float) -> Procedure[None]:
        self._now = yield from pause(seconds)
        self._began = self._now if self._began is None else self._began

    @property
    def _is_overdue(self) -> bool:
        return self._began is not None and self._now - self._began >= PATIENCE

    def _id(self, record: Record) -> str:
        return str(record[self._kind.id_key])

    def _rank(self, record: Record) -> tuple[float, str]:
        return _stamp(record), self._id(record)


def _is_young(record: Record) -> bool:
    return time.time() - _stamp(record) < SETTLING + _CLOCKS


def _are_settling(same: Sequence[Record]) -> bool:
    """True if a concurrent creation is likely: one component is new, or all were created together."""
    stamps = [_stamp(record) for record in same]
    return time.time() - max(stamps) < PATIENCE or max(stamps) - min(stamps) < SETTLING


def _stamp(record: Record) -> float:
    """Creation time of a component, in whole seconds of the platform's clock."""
    return seconds(record, "created_at")
