"""Geometry of the charts that the pages draw as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 1.5
_WIDEST = 48.0


@dataclass(frozen=True)
class Box:
    """A bar of a chart."""

    x: float
    y: float
    width: float
    height: float


def columns(values: Sequence[float], width: float, height: float) -> list[Box]:
    """Return vertical bars. The longest is as high as the chart, and every bar has a visible height."""
    if not values:
        return []
    most = max(values) or 1.0
    pitch = min(width / len(values), _WIDEST)
    gap = min(2.0, pitch / 5)
    tall = [max(value / most * height, _LEAST if value else 0.0) for value in values]
    return [
        Box(round(number * pitch, 2), round(height - one, 2), round(pitch - gap, 2), round(one, 2))
        for number, one in enumerate(tall)
    ]


def shares(values: Sequence[float | None], width: float) -> list[float]:
    """Return the lengths of horizontal bars. The longest, positive or negative, is as long as the chart."""
    most = max((abs(value) for value in values if value is not None), default=0.0) or 1.0
    return [
        0.0 if value is None else round(max(abs(value) / most * width, _LEAST if value else 0), 2) for value in values
    ]
