"""Notice a fork: a child process gets its own connections and locks.

A connection that two processes use gives each of them answers to the other's questions. A lock that another thread held
during the fork stays locked in the child for ever.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """An object that shares nothing with its copies in child processes."""

    def after_fork(self) -> None:
        """Make new connections and locks. Called in the child, before anything else runs there."""
        ...


_FORKABLE: WeakSet[Forkable] = WeakSet()
_INHERITED: list[object] = []


def renew_after_fork(owner: Forkable) -> None:
    """Call the object's `after_fork` in each child process, as long as the object exists."""
    _FORKABLE.add(owner)


def leave_alone(*inherited: object) -> None:
    """Keep the parent's objects as they are. Freeing them could wait for a lock that a thread of the parent held."""
    _INHERITED.extend(inherited)


def _in_child() -> None:
    for owner in list(_FORKABLE):
        owner.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
