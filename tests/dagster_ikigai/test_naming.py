"""Names for Dagster, made from the platform's."""

from __future__ import annotations

import pytest

from dagster_ikigai.naming import distinct_identifiers, identifier


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Late flights", "late_flights"),
        ("late_flights", "late_flights"),
        ("Café  №1: a/b", "cafe_no1_a_b"),
        ("2013", "2013"),
    ],
)
def test_names_become_letters_digits_and_underscores(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_names_that_lose_letters_stay_distinct() -> None:
    names = ["遅延便", "欠航便", "A 遅延便", "A 欠航便", "!", "?"]
    made = [identifier(name) for name in names]
    assert len(set(made)) == len(names)
    assert all(text.isascii() and text.replace("_", "").isalnum() for text in made)


def test_the_first_of_two_names_keeps_the_identifier_and_a_name_that_comes_twice_is_one() -> None:
    made = distinct_identifiers(["Late flights", "Late flights", "late-flights"])
    assert made["Late flights"] == "late_flights"
    assert made["late-flights"].startswith("late_flights_")
