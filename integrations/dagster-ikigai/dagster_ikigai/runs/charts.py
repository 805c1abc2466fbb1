"""Line charts as images in Markdown, for Dagster's UI. They need no plotting library."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _MARGIN = 480, 200, 44
_COLORS = ("#4f43dd", "#1fa37a", "#d9534f", "#c58a1c", "#3b8ea5", "#8a4fbf")


def line_chart(title: str, series: Mapping[str, Sequence[float | None]], labels: Sequence[str]) -> str:
    """Draw a line chart.

    Parameters
    ----------
    title : str
        Title of the chart.
    series : mapping of str to sequence of float or None
        Values by name, one value for each label. None leaves a gap.
    labels : sequence of str
        Labels of the values. The chart shows the first and the last label.

    Returns
    -------
    str
        Markdown with an SVG image in it.
    """
    known = [value for values in series.values() for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT + 18 * len(series)}">',
        '<g font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(_MARGIN, 16, title, "#222"),
        *(_text(4, _y(value, low, high) + 4, f"{value:.3g}", "#666") for value in dict.fromkeys((low, high))),
        f'<path d="M{_MARGIN} 28V{_HEIGHT - 28}H{_WIDTH - 10}" fill="none" stroke="#ccc"/>',
    ]
    for place, label in {_MARGIN: labels[0], _WIDTH - _MARGIN: labels[-1]}.items() if labels else ():
        parts.append(_text(place, _HEIGHT - 12, label, "#666"))
    for number, (name, values) in enumerate(series.items()):
        color = _COLORS[number % len(_COLORS)]
        parts += _line(values, low, high, color)
        parts.append(_text(_MARGIN, _HEIGHT + 10 + 18 * number, name, color))
    image = b64encode("".join([*parts, "</g></svg>"]).encode()).decode()
    alternative = title.translate(str.maketrans("[]", "()"))
    return f"![{alternative}](data:image/svg+xml;base64,{image})"


def _line(values: Sequence[float | None], low: float, high: float, color: str) -> list[str]:
    step = (_WIDTH - _MARGIN - 20) / max(len(values) - 1, 1)
    points = [
        (_MARGIN + 5 + number * step, _y(value, low, high)) for number, value in enumerate(values) if value is not None
    ]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{color}"/>' for x, y in points]
    return [f'<polyline points="{joined}" fill="none" stroke="{color}" stroke-width="1.5"/>', *dots]


def _y(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return _HEIGHT - 34 - share * (_HEIGHT - 70)


def _text(x: float, y: float, text: str, color: str) -> str:
    return f'<text x="{x}" y="{y:.1f}" fill="{color}">{escape(text)}</text>'
