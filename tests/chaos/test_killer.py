"""What the killer does, and that it stops."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .killer import Killer, freeze

COUNTER = "import itertools\nfor n in itertools.count(): print(n, flush=True)"


@pytest.fixture
def victims() -> Iterator[list[subprocess.Popen[str]]]:
    with ExitStack() as stack:
        started = [
            subprocess.Popen([sys.executable, "-c", COUNTER], stdout=subprocess.PIPE, text=True) for _ in range(3)
        ]
        for victim in started:
            stack.enter_context(victim)
            stack.callback(victim.kill)
        yield started


def living(victims: list[subprocess.Popen[str]]) -> list[int]:
    return [victim.pid for victim in victims if victim.poll() is None]


def test_all_are_killed_one_after_another(victims: list[subprocess.Popen[str]]) -> None:
    killer = Killer().kills(lambda: living(victims), every=(0.0, 0.02))
    with killer:
        assert [victim.wait(10) for victim in victims] == [-signal.SIGKILL] * 3
    assert killer.done["kill"] >= 3


def test_a_frozen_process_goes_on_afterwards(victims: list[subprocess.Popen[str]]) -> None:
    began = time.monotonic()
    freeze(victims[0].pid, 0.3)
    assert time.monotonic() - began >= 0.3
    assert victims[0].stdout is not None
    assert victims[0].stdout.readline() == "0\n"
    assert victims[0].poll() is None


def test_what_goes_wrong_with_its_own_doing_is_told() -> None:
    def fail() -> None:
        raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"), Killer().does(fail, every=(0.0, 0.0), name="fail"):
        time.sleep(0.1)
