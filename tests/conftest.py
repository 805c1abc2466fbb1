"""What all tests share."""

from __future__ import annotations

import gc
import os
import random
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from . import forked_platforms

SEED = os.environ.setdefault("IKIGAI_TEST_SEED", "7")
"""Decides every random choice, in the processes that tests start too. `make soak` takes another one each time."""


def pytest_configure(config: pytest.Config) -> None:
    """Let a kill, which make passes on, or a closed terminal end a test run as Ctrl-C does: fixtures are torn down."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    forked_platforms.install()
    gc.set_threshold(50_000, 20, 50)
    # Once pytest has had the garbage of the tests collected, five times over.
    config.add_cleanup(gc.unfreeze)


def pytest_collection_finish() -> None:
    """Spare the garbage collector all that was imported: looking through it costs a tenth of a suite's time."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Leave no process behind."""
    forked_platforms.stop()


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_report_header() -> str:
    """Say how to make the same choices again."""
    return f"random choices: IKIGAI_TEST_SEED={SEED}"


@pytest.fixture(autouse=True)
def _same_choices_in_each_run(request: pytest.FixtureRequest) -> None:
    random.seed(f"{SEED} {request.node.nodeid}")


@pytest.fixture
def platforms_as_users_start_them() -> Iterator[None]:
    """Platforms are processes that are started, not forked."""
    forked_platforms.uninstall()
    yield
    forked_platforms.install()
