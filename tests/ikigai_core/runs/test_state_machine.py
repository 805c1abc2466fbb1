"""Whatever goes wrong, in whatever order: a task has at most one run, and ends well only if that run did.

The real procedures start, own and follow runs here, step by step, on a simulated clock: see `model_world`. What may
happen is drawn by hypothesis from a seed that a failure tells; `IKIGAI_TEST_SEED` sets it. Premises of the model:

- A flow shows a run, as running or in its log, within 20 s of its start.
- A shared flow that runs is not started again, its log is there when it reads idle, and its runs last for 2 s or more.
- A start that was sent while its sender held the lease arrives, and shows, while that lease lasts.
- Whoever finds a note of its task takes it over, so that no earlier try can note anything any more.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from ikigai_core.errors import StartUnknownError
from ikigai_core.procedure import Procedure
from ikigai_core.runs import copies, follow, launch, lost_start, polling, private_start, shared_start, start
from ikigai_core.runs.flow_run import FlowRun
from ikigai_core.runs.lost_start import Seen
from ikigai_core.runs.state import RunState

from .model_history import History, history_of
from .model_judge import wrong_with
from .model_stores import TryNotes
from .model_world import World

MODES = ("shared", "lease", "copy")
HISTORIES = 50
NOTICED = 600
MANY = 30_000
SIZE = 200
CURRENT: list[World] = []


def play(history: History) -> list[str]:
    """Play a history, and return what went wrong."""
    numbers = itertools.count()
    with (
        mock.patch.object(polling, "BUDGET", polling.RateLimiter(1e9)),
        mock.patch.object(copies.secrets, "token_hex", side_effect=lambda _: f"{next(numbers):020x}"),
    ):
        CURRENT[:] = [World(history)]
        CURRENT[0].play()
    return wrong_with(CURRENT[0])


def timed(run: RunState, seconds: float | None = None) -> Procedure[Seen | None]:
    """The look for a lost start; how long it took is noted."""
    world, process = CURRENT[0], CURRENT[0].process
    assert process is not None
    began = world.now - process.stopped
    try:
        return (yield from lost_start.look_for(run, seconds))
    finally:
        world.looks.append(world.now - process.stopped - began)


@pytest.fixture(autouse=True)
def _quiet_and_timed() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with ExitStack() as patched:
        for place in (start, shared_start, copies):
            patched.enter_context(mock.patch.object(place, "look_for", timed))
        yield
    logging.disable(logging.NOTSET)


def check_histories(mode: str, count: int) -> None:
    chosen = int(os.environ["IKIGAI_TEST_SEED"])

    @seed(chosen)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.binary(min_size=SIZE, max_size=SIZE))
    def check(data: bytes) -> None:
        history = history_of(mode, data)
        wrong = play(history)
        note("\n".join([f"IKIGAI_TEST_SEED={chosen}", repr(history), *wrong]))
        assert not wrong

    check()


@pytest.mark.parametrize("mode", MODES)
def test_each_task_has_one_run_and_the_right_result(mode: str) -> None:
    check_histories(mode, HISTORIES)


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
def test_each_task_has_one_run_in_ten_thousands_of_other_histories(mode: str) -> None:
    check_histories(mode, MANY)


# -- the model notices what it is there for ----------------------------------------------------------------------------


def _nothing(*_: Any, **__: Any) -> Procedure[None]:
    return
    yield


def _adopt_what_is_seen(*args: Any, is_proven: bool) -> Procedure[RunState]:
    return _CLAIMED(*args, is_proven=True)


def _start_again_after_a_look_in_vain(*args: Any) -> Procedure[RunState | None]:
    try:
        return (yield from _PICK_UP(*args))
    except StartUnknownError as doubt:
        if "neither" not in str(doubt):
            raise
        return None


def _count_nobody(run: RunState) -> Procedure[RunState]:
    return replace(run, rivals=0)
    yield


def _start_whatever_was_noted_meanwhile(wanted: launch.Launch, run: RunState) -> Procedure[bool]:
    return _IS_FREE(replace(wanted, keep=None), run)


def _keep_for_certain(wanted: launch.Launch, run: RunState) -> Procedure[bool]:
    yield from _KEEP(wanted, run)
    return True


def _keep_what_can_be_kept(keep: Any, run: RunState, *, strictly: bool) -> Procedure[bool]:
    return _KEEP_NOTE(keep, run, strictly=False)


def _close_before_the_end_is_kept(run: Any) -> Procedure[None]:
    return copies.close(run._state) if run._state.is_private else _nothing()


def _find_nothing(notes: TryNotes) -> None:
    notes._take_over()


_CLAIMED, _PICK_UP, _IS_FREE = shared_start.claimed, start._pick_up_shared, shared_start._is_still_free
_KEEP, _KEEP_NOTE = private_start.keep, launch.keep_note

# Each with a seed that soon leads to a history in which it shows.
BREAKS: dict[str, tuple[int, str, Any, str, Any]] = {
    "adopts what is seen": (1, "shared", shared_start, "claimed", _adopt_what_is_seen),
    "starts again after a look in vain": (13, "shared", start, "_pick_up_shared", _start_again_after_a_look_in_vain),
    "does not read the log again after the note": (
        11,
        "shared",
        shared_start,
        "_is_still_free",
        _start_whatever_was_noted_meanwhile,
    ),
    "takes the first entry for the one that its output proves": (6, "shared", follow, "counted", _count_nobody),
    "starts though the note was refused": (10, "shared", launch, "keep_note", _keep_what_can_be_kept),
    "looks for too long": (8, "shared", lost_start, "LONGEST_LOOK", 3000.0),
    "lets the lease go before the run shows": (6, "lease", shared_start, "_until_seen", _nothing),
    "deletes a copy that still can run": (6, "copy", copies, "_disarm", _nothing),
    "reports a run that failed at the fence": (12, "copy", follow, "failed_at_fence", lambda *_: False),
    "deletes a copy that another try has taken over": (7, "copy", private_start, "keep", _keep_for_certain),
    "deletes a copy before the end is kept": (9, "copy", FlowRun, "_closed", _close_before_the_end_is_kept),
    "forgets the note before the end": (9, "copy", TryNotes, "find", _find_nothing),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_model_notices_a_core_that(name: str) -> None:
    chosen, mode, place, what, broken = BREAKS[name]
    random_bytes = random.Random(chosen).randbytes
    with mock.patch.object(place, what, broken):
        assert any(play(history_of(mode, random_bytes(SIZE))) for _ in range(NOTICED))
