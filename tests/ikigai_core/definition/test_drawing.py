"""Places for the facets of a flow, and ways for its arrows."""

from __future__ import annotations

import random

from ikigai_core.definition.drawing import HEIGHT, WIDTH, draw


def test_each_facet_is_right_of_what_it_takes_and_none_covers_another() -> None:
    chance = random.Random(7)
    names = [f"facet {number}" for number in range(60)]
    arrows = [
        (names[source], names[target], "") for target in range(1, 60) for source in chance.sample(range(target), 1)
    ]
    arrows += [(names[source], names[source + 20], "") for source in range(0, 40, 5)]
    drawing = draw(names, arrows)

    at = drawing.places
    assert set(at) == set(names)
    assert all(at[target].x >= at[source].x + WIDTH for source, target, _ in arrows)
    corners = [(place.x, place.y) for place in at.values()]
    for x, y in corners:
        assert sum(abs(x - other) < WIDTH and abs(y - down) < HEIGHT for other, down in corners) == 1
        assert 0 <= x <= drawing.width - WIDTH
        assert 0 <= y <= drawing.height - HEIGHT


def test_arrows_between_two_pairs_do_not_cross() -> None:
    at = draw(["a", "b", "c", "d"], [("a", "d", "left"), ("b", "c", "right")]).places
    assert (at["a"].y < at["b"].y) == (at["d"].y < at["c"].y)


def test_what_is_no_flow_is_drawn_too() -> None:
    circle = [("a", "b", ""), ("b", "c", ""), ("c", "a", ""), ("a", "a", ""), ("a", "nowhere", "")]
    assert set(draw(["a", "b", "c"], circle).places) == {"a", "b", "c"}
    assert draw([], []).places == {}
