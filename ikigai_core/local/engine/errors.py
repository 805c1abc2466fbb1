"""Reasons for failed runs."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class FlowError(Exception):
    """A flow run failed for a reason that its author can fix.

    Parameters
    ----------
    message
        The problem and its solution, shown to the user unchanged.
    facet_id
        The facet with the problem; empty if no facet has one.
    """

    def __init__(self, message: str, facet_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.facet_id = facet_id


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the most similar name, and all known names."""
    names = list(known)
    folded = {other.casefold(): other for other in reversed(names)}
    nearest = get_close_matches(name.casefold(), folded, n=1)
    hint = f"; did you mean '{folded[nearest[0]]}'?" if nearest else "."
    shown = ", ".join(f"'{other}'" for other in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{hint} There is: {shown}{more}." if names else f"{hint} There is none."
