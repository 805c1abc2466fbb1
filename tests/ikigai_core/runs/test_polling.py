"""Looks at a run are frequent at first, bounded by its age, and queue for one budget with those at all others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ikigai_core.errors import ConfigurationError
from ikigai_core.runs.polling import (
    FRACTION,
    JITTER,
    LONGEST,
    SHORTEST,
    RateLimiter,
    interval,
)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0.0, 0.1),
        (0.4, 0.3),
        (1.0, SHORTEST),
        (5.0, SHORTEST),
        (60.0, 60 * FRACTION),
        (500.0, 500 * FRACTION),
        (10_000.0, LONGEST),
    ],
)
def test_the_interval_is_a_fraction_of_the_age_within_bounds(age: float, expected: float) -> None:
    for _ in range(100):
        assert expected * (1 - JITTER) <= interval(age) <= expected


def test_a_few_followers_never_wait_for_their_turn() -> None:
    budget = RateLimiter(rate=50.0)
    assert {budget.reserve(n / 50) for n in range(1000)} == {0.0}


def test_many_followers_share_the_budget_and_none_waits_longer_than_a_round() -> None:
    budget = RateLimiter(rate=50.0)
    due = dict.fromkeys(range(1000), 0.0)
    pace = {follower: 0.5 if follower % 2 else 30.0 for follower in due}
    looks = dict.fromkeys(due, 0)
    longest = 0.0
    while (now := min(due.values())) < 300.0:
        follower = min(due, key=due.__getitem__)
        wait = budget.reserve(now)
        longest = max(longest, wait)
        looks[follower] += 1
        due[follower] = now + wait + pace[follower]
    assert sum(looks.values()) <= 320 * 50
    assert longest <= 1000 / 50
    assert min(looks.values()) >= 300 / (30 + 1000 / 50) - 1


def test_requests_that_could_not_wait_are_made_up_for() -> None:
    budget = RateLimiter(rate=10.0)
    for _ in range(10):
        budget.reserve(0.0)
    assert budget.reserve(0.0) == pytest.approx(1.0)
    assert budget.reserve(5.0) == 0.0


def test_a_rate_that_allows_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="0"):
        RateLimiter(rate=0)


@pytest.mark.parametrize(("given", "said"), [("25", "25.0"), ("", "100.0"), ("many", "IKIGAI_POLLING_RATE is 'many'")])
def test_the_processs_rate_comes_from_the_environment(given: str, said: str) -> None:
    code = "from ikigai_core.runs.polling import BUDGET; print(BUDGET.rate)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "IKIGAI_POLLING_RATE": given}, capture_output=True, text=True
    )
    assert said in done.stdout + done.stderr
