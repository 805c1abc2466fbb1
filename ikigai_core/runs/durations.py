"""Durations as text, for messages."""

from __future__ import annotations


def spoken(seconds: float) -> str:
    """A duration for people: ``0.5 s``, ``5 min``, ``1 h 30 min``.

    Parameters
    ----------
    seconds : float
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest} s" if rest and minutes < 10 else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")
