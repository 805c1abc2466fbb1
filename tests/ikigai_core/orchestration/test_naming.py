"""Names that are made of names stay the same, and distinct for distinct names."""

from __future__ import annotations

import re

from ikigai_core.orchestration import distinct_slugs, shortened, slug

AWKWARD = ["Late flights", "  ", "", "!?", "Zürich", "東京", "京都", "Late 東京", "Late 京都", "ﬁne ✈", "Straße", "123"]


def test_slugs_have_ascii_letters_and_digits_only() -> None:
    for name in AWKWARD:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(name)), name
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", slug(name, "_")), name
    assert slug("Late flights, by carrier") == "late-flights-by-carrier"
    assert slug("Zürich", "_") == "zurich"


def test_names_that_lose_letters_stay_distinct() -> None:
    names = [name for name in AWKWARD if name.strip()]
    assert len({slug(name) for name in names}) == len(names)


def test_names_that_would_share_a_slug_get_their_own_and_the_first_keeps_its() -> None:
    names = ["Late flights", "late-flights", "LATE FLIGHTS", "Sales"]
    slugs = distinct_slugs(names)
    assert list(slugs) == names
    assert len(set(slugs.values())) == len(names)
    assert (slugs["Late flights"], slugs["Sales"]) == ("late-flights", "sales")
    assert {name: slugs[name] for name in names[:2]} == distinct_slugs(names[:2])
    assert all("_" in distinct_slugs(["a b", "a-b"], "_")[name] for name in ("a b", "a-b"))


def test_names_that_are_cut_stay_distinct() -> None:
    one, other = "x" * 100 + "1", "x" * 100 + "2"
    assert shortened("short", 63) == "short"
    assert len(shortened(one, 63)) == 63
    assert shortened(one, 63) != shortened(other, 63)
    assert shortened(one, 63, "_").count("_") == 1
