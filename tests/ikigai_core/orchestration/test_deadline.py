"""One deadline is spent on all that a task waits for, in whatever process it waits."""

from __future__ import annotations

import json
import math
import pickle
import time
from datetime import timedelta
from typing import Any

import pytest

from ikigai_core import App
from ikigai_core.errors import FlowBusyError, InvalidInputError, RunTimeoutError, WrongInputTypeError
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import Deadline


def test_a_deadline_survives_json_and_pickle() -> None:
    deadline = Deadline.after(60)
    assert Deadline(json.loads(json.dumps(deadline.at))) == deadline
    assert pickle.loads(pickle.dumps(deadline)) == deadline
    assert Deadline(json.loads(json.dumps(Deadline.after(None).at))).left is None


def test_what_is_left_becomes_less_and_never_negative() -> None:
    deadline = Deadline.after(timedelta(minutes=1))
    assert deadline.left is not None
    assert 50 < deadline.left <= 60
    assert not deadline.is_over
    past = Deadline(time.time() - 5)
    assert (past.left, past.is_over) == (0.0, True)
    assert not Deadline().is_over


def test_the_sooner_of_two_deadlines_counts() -> None:
    soon, late, never = Deadline.after(1), Deadline.after(2), Deadline()
    assert soon.sooner(late) is late.sooner(soon) is soon
    assert never.sooner(soon) is soon.sooner(never) is soon
    assert never.sooner(never) is never


@pytest.mark.parametrize("seconds", ["5", True, b"5", [5]])
def test_what_is_no_number_of_seconds_is_refused_by_name(seconds: Any) -> None:
    with pytest.raises(WrongInputTypeError, match="execution_timeout is .* number of seconds"):
        Deadline.after(seconds, "execution_timeout")


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan, timedelta(days=-1)])
def test_what_is_no_time_to_wait_is_refused(seconds: Any) -> None:
    with pytest.raises(InvalidInputError, match="timeout is"):
        Deadline.after(seconds)


def test_the_wait_for_a_busy_flow_and_for_the_run_share_it(
    app: App, document: dict[str, Any], flights: Any, ikigai_local: LocalAccount
) -> None:
    app.dataset.new("flights").df(flights).build()
    flow = app.flow.new("late").definition(document).build()
    ikigai_local.control.outcome(duration=20.0)
    first = flow.start()
    deadline = Deadline.after(1.5)
    began = time.monotonic()
    with pytest.raises(FlowBusyError):
        flow.launch({}, on_busy="wait", timeout=deadline.left)
    with pytest.raises(RunTimeoutError):
        first.result(deadline.left)
    # Had each of the two begun anew, they would have taken 3 s.
    assert time.monotonic() - began < 2.7
