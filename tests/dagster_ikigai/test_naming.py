"""Names for Dagster, made from the platform's."""

from __future__ import annotations

from dagster_ikigai.naming import distinct_identifiers, identifier, tag_value


def test_names_become_identifiers() -> None:
    assert identifier("Café  №1: a/b") == "cafe_no1_a_b"


def test_the_first_of_two_names_keeps_the_identifier_and_a_name_that_comes_twice_is_one() -> None:
    made = distinct_identifiers(["Late flights", "Late flights", "late-flights"])
    assert made["Late flights"] == "late_flights"
    assert made["late-flights"].startswith("late_flights_")


def test_tags_hold_names_of_any_length_and_keep_them_apart() -> None:
    first, second = (tag_value(f"{'very ' * 20}{last}") for last in ("late", "early"))
    assert len(first) == len(second) == 63
    assert first != second
