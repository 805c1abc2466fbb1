"""A flow as a drawing: places for its facets, in layers from left to right, and ways for its arrows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT = 186, 66
_GAP_ACROSS, _GAP_DOWN, _MARGIN = 54, 24, 6
_SWEEPS = 6

Edge = tuple[str, str]


@dataclass(frozen=True)
class Place:
    """The upper left corner of a facet's box."""

    x: float
    y: float


@dataclass(frozen=True)
class Way:
    """An arrow: its path in SVG's words, its label, and where that is."""

    path: str
    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """Where everything is."""

    width: float
    height: float
    places: Mapping[str, Place]
    ways: Sequence[Way]


@dataclass(frozen=True)
class _Stop:
    """A facet in a layer, or the passage of an arrow through one: then it has the number of the arrow."""

    facet_id: str
    arrow: int = -1


def draw(facet_ids: Sequence[str], arrows: Sequence[tuple[str, str, str]]) -> Drawing:
    """Lay out a flow.

    Each facet is in the layer after its last parent. The facets of a layer are ordered so that few arrows cross, each
    near the middle of its neighbors.

    Parameters
    ----------
    facet_ids
        The facets.
    arrows
        Source, destination and label of each. Those between unknown facets, and those that close a circle, are left
        out.
    """
    known = set(facet_ids)
    drawn = _without_circles([arrow for arrow in arrows if {arrow[0], arrow[1]} <= known], facet_ids)
    depth = _depths(facet_ids, [(source, target) for source, target, _ in drawn])
    layers: list[list[_Stop]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for facet_id in facet_ids:
        layers[depth[facet_id]].append(_Stop(facet_id))
    chains = [_chain(number, arrow, depth) for number, arrow in enumerate(drawn)]
    for chain in chains:
        for stop, layer in zip(chain[1:-1], range(depth[chain[0].facet_id] + 1, len(layers)), strict=False):
            layers[layer].append(stop)
    _untangle(layers, chains)
    at = _positions(layers)
    height = max((place.y for place in at.values()), default=0) + HEIGHT + _MARGIN
    width = len(layers) * (WIDTH + _GAP_ACROSS) - _GAP_ACROSS + 2 * _MARGIN
    ways = [_way([at[stop] for stop in chain], arrow[2]) for chain, arrow in zip(chains, drawn, strict=True)]
    return Drawing(max(width, 0), height, {stop.facet_id: at[stop] for stop in at if stop.arrow < 0}, ways)


def _without_circles(arrows: Sequence[tuple[str, str, str]], facet_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the arrows without those that lead back, seen in the order of the facets."""
    children: dict[str, list[int]] = {facet_id: [] for facet_id in facet_ids}
    for number, (source, _, _) in enumerate(arrows):
        children[source].append(number)
    back: set[int] = set()
    state: dict[str, str] = {}
    for root in facet_ids:
        todo = [(root, iter(children[root]))] if root not in state else []
        while todo:
            facet_id, rest = todo[-1]
            state[facet_id] = "open"
            for number in rest:
                target = arrows[number][1]
                if state.get(target) == "open":
                    back.add(number)
                elif target not in state:
                    todo.append((target, iter(children[target])))
                    break
            else:
                state[facet_id] = "closed"
                todo.pop()
    return [arrow for number, arrow in enumerate(arrows) if number not in back]


def _depths(facet_ids: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Return the layer of each facet: the length of the longest way to it."""
    children: dict[str, list[str]] = {facet_id: [] for facet_id in facet_ids}
    missing = dict.fromkeys(facet_ids, 0)
    for source, target in edges:
        children[source].append(target)
        missing[target] += 1
    depth = dict.fromkeys(facet_ids, 0)
    ready = [facet_id for facet_id in facet_ids if not missing[facet_id]]
    for facet_id in ready:
        for child in children[facet_id]:
            depth[child] = max(depth[child], depth[facet_id] + 1)
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return depth


def _chain(number: int, arrow: tuple[str, str, str], depth: Mapping[str, int]) -> list[_Stop]:
    """Return the stops of an arrow: its ends, and a passage in each layer between them."""
    source, target, _ = arrow
    passages = [_Stop(f"{layer}", number) for layer in range(depth[source] + 1, depth[target])]
    return [_Stop(source), *passages, _Stop(target)]


def _untangle(layers: list[list[_Stop]], chains: Iterable[Sequence[_Stop]]) -> None:
    """Order each layer by the mean position of its neighbors in the layer before, then in the one after."""
    before: dict[_Stop, list[_Stop]] = {}
    after: dict[_Stop, list[_Stop]] = {}
    for chain in chains:
        for source, target in pairwise(chain):
            after.setdefault(source, []).append(target)
            before.setdefault(target, []).append(source)
    rank = {stop: place for layer in layers for stop, place in _ranks(layer)}
    for sweep in range(_SWEEPS):
        neighbors, order = (after, layers[-2::-1]) if sweep % 2 else (before, layers[1:])
        for layer in order:
            wanted = {stop: _mean([rank[other] for other in neighbors.get(stop, ())], rank[stop]) for stop in layer}
            layer.sort(key=wanted.__getitem__)
            rank.update(_ranks(layer))


def _ranks(layer: Sequence[_Stop]) -> list[tuple[_Stop, float]]:
    """Return the place of each stop in its layer, as a share of the layer's height."""
    return [(stop, (place + 0.5) / len(layer)) for place, stop in enumerate(layer)]


def _mean(ranks: Sequence[float], own: float) -> float:
    return sum(ranks) / len(ranks) if ranks else own


def _positions(layers: Sequence[Sequence[_Stop]]) -> dict[_Stop, Place]:
    tallest = max(map(len, layers), default=0)
    pitch = HEIGHT + _GAP_DOWN
    return {
        stop: Place(
            _MARGIN + number * (WIDTH + _GAP_ACROSS),
            _MARGIN + (tallest - len(layer)) * pitch / 2 + place * pitch,
        )
        for number, layer in enumerate(layers)
        for place, stop in enumerate(layer)
    }


def _way(places: Sequence[Place], label: str) -> Way:
    middle = HEIGHT / 2
    x, y = places[0].x + WIDTH, places[0].y + middle
    path = [f"M{x:g} {y:g}"]
    start_x, start_y = x, y
    for place in places[1:]:
        bend = (x + place.x) / 2
        path.append(f"C{bend:g} {y:g} {bend:g} {place.y + middle:g} {place.x:g} {place.y + middle:g}")
        x, y = place.x, place.y + middle
        if place is not places[-1]:
            x += WIDTH
            path.append(f"H{x:g}")
    first = places[1]
    return Way(" ".join(path), label, (start_x + first.x) / 2, (start_y + first.y + middle) / 2)
