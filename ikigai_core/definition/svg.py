"""Draw a definition as SVG, which notebooks display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ikigai_core.definition.drawing import HEIGHT, WIDTH, Place, Way, draw

_LONGEST = 24
_STYLE = "font-family:system-ui,sans-serif;max-width:100%;background:#fff"
_HEAD = (
    '<defs><marker id="ikigai-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto">'
    '<path d="M0 0 8 4 0 8z" fill="#667085"/></marker></defs>'
)


def svg(facets: Mapping[str, tuple[str, str]], arrows: Sequence[tuple[str, str, str]]) -> str:
    """A drawing from left to right.

    Parameters
    ----------
    facets : mapping of str to (str, str)
        Name and type of each facet, by its id.
    arrows : sequence of (str, str, str)
        Source, destination and label of each.
    """
    drawing = draw(list(facets), arrows)
    boxes = "".join(_box(place, *facets[facet_id]) for facet_id, place in drawing.places.items())
    size = f'width="{drawing.width:g}" height="{drawing.height:g}" viewBox="0 0 {drawing.width:g} {drawing.height:g}"'
    ways = "".join(map(_arrow, drawing.ways))
    name = 'role="img" aria-label="The flow as a drawing"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{_STYLE}" {name}>{_HEAD}{ways}{boxes}</svg>'


def _box(place: Place, name: str, kind: str) -> str:
    corner = f'x="{place.x:g}" y="{place.y:g}"'
    box = f'<rect {corner} width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#f8fafc" stroke="#667085"/>'
    title = _text(place.x + 12, place.y + 28, name, 14, "#101828")
    return box + title + _text(place.x + 12, place.y + 48, kind, 12, "#475467")


def _arrow(way: Way) -> str:
    path = f'<path d="{escape(way.path)}" fill="none" stroke="#667085" marker-end="url(#ikigai-arrow)"/>'
    return path + (_text(way.x, way.y, way.label, 11, "#475467") if way.label else "")


def _text(x: float, y: float, text: str, size: int, color: str) -> str:
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{color}">{escape(shown)}</text>'
