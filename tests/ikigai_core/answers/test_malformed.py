"""Whatever the platform answers, a user sees the client's own errors only, in time, and never the key."""

from __future__ import annotations

import logging
import os
import random
import time
import traceback
from typing import Any

import pytest

from ikigai_core.errors import IkigaiError

from .canned_platform import CannedPlatform, Spoil
from .operations import OPERATIONS, Operation
from .showing import everything
from .spoiling import KEY, spoil

SEED = os.environ["IKIGAI_TEST_SEED"]
SAMPLE = 25
"""Spoilt answers for each client in `make test`."""

SOAK = float(os.environ.get("IKIGAI_FUZZ_SECONDS", "600"))
LONGEST = 20.0
"""Seconds that an operation may take. Pauses take none."""


def check(use: Any, platform: CannedPlatform, operation: Operation, path: str, how: Spoil) -> str:
    """What is wrong with the client's reaction to a spoilt answer; nothing if it is well."""
    platform.spoil(path, how)
    began = time.monotonic()
    fault = ""
    try:
        use(operation)
    except IkigaiError as error:
        if KEY in everything(error):
            fault = f"the key is shown: {everything(error)}"
    except Exception as error:
        fault = f"{type(error).__name__} comes through: {''.join(traceback.format_exception(error)[-12:])}"
    took = time.monotonic() - began
    return fault or (f"it took {took:.0f} s" if took > LONGEST else "")


def paths_of(use: Any, platform: CannedPlatform) -> list[tuple[Operation, str]]:
    """Which operation asks for which answers."""
    found = []
    for operation in OPERATIONS:
        platform.spoil(None)
        use(operation)
        found += [(operation, path) for path in sorted(platform.asked)]
    return found


def test_every_operation_works_as_long_as_nothing_is_spoilt(use: Any, platform: CannedPlatform) -> None:
    asked = {path for _, path in paths_of(use, platform)}
    assert {path for path in platform.paths if "/get-" in path or "/search/" in path} <= asked


def fuzzed(use: Any, platform: CannedPlatform, seed: str, until: float, most: int) -> list[str]:
    choose = random.Random(seed)
    cases = paths_of(use, platform)
    faults: list[str] = []
    for number in range(most):
        if time.monotonic() > until or len(faults) >= 20:
            break
        operation, path = choose.choice(cases)
        how = spoil(choose)
        if fault := check(use, platform, operation, path, how):
            faults.append(f"case {number}, {operation.__name__}, {path}: {fault}")
    return faults


@pytest.mark.filterwarnings("ignore")
def test_malformed_answers_are_errors_of_the_client_in_time_and_without_the_key(
    use: Any, platform: CannedPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    faults = fuzzed(use, platform, f"{SEED}", time.monotonic() + 100, SAMPLE)
    assert not faults, "\n\n".join(faults)
    shown = [record for record in caplog.records if KEY in f"{record.getMessage()} {vars(record)}"]
    assert not shown


@pytest.mark.soak
@pytest.mark.timeout(2 * SOAK + 300)
@pytest.mark.filterwarnings("ignore")
def test_many_malformed_answers(use: Any, platform: CannedPlatform, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    until = time.monotonic() + SOAK / 2
    faults, round_ = [], 0
    while time.monotonic() < until and not faults:
        faults += fuzzed(use, platform, f"{SEED} {round_}", until, 200)
        assert KEY not in caplog.text
        caplog.clear()
        round_ += 1
    assert not faults, "\n\n".join(faults)
