"""Looks at a run are frequent at first, bounded by its age, and share one budget with all other followers."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from ikigai_core.runs.polling import FRACTION, JITTER, LONGEST, SHORTEST, PollingBudget


@pytest.mark.parametrize(
    ("age", "expected"), [(0.0, SHORTEST), (60.0, 60 * FRACTION), (500.0, 500 * FRACTION), (10_000.0, LONGEST)]
)
def test_the_interval_is_a_fraction_of_the_age_within_bounds(age: float, expected: float) -> None:
    for _ in range(100):
        assert expected * (1 - JITTER) <= PollingBudget().interval(age) <= expected * (1 + JITTER)


def test_a_deadline_is_not_overslept() -> None:
    assert PollingBudget().interval(500.0, left=2.0) == 2.0


def test_many_followers_stretch_their_intervals_to_keep_the_budget() -> None:
    budget = PollingBudget(rate=50.0)
    with ExitStack() as followers:
        for _ in range(1000):
            followers.enter_context(budget.share())
        assert budget.interval(0.0) >= 20.0 * (1 - JITTER)
        assert budget.interval(500.0) >= 500 * FRACTION * (1 - JITTER)
    assert budget.interval(0.0) <= SHORTEST * (1 + JITTER)
