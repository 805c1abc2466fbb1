"""Two processes start one flow at the same moment, again and again, on a real platform."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import App
from ikigai_core.local.process import LocalPlatform
from tests.ikigai_core.helper_processes import Helper, Helpers

NAMES = ("racer-1", "racer-2")


@pytest.fixture
def racers(own_platform: LocalPlatform, helpers: Helpers, tmp_path: Path) -> Iterator[dict[str, Helper]]:
    from ikigai_core import Ikigai

    account = (own_platform.url, own_platform.user_email, own_platform.api_key)
    with ExitStack() as stack:
        ikigai = stack.enter_context(Ikigai(own_platform.user_email, own_platform.api_key, own_platform.url))
        app: App = ikigai.app.new("Races").build()
        app.flow.new("Short").build()
        running = {
            name: stack.enter_context(helpers.running("racer", [name, *account, "Races", "Short"], tmp_path))
            for name in NAMES
        }
        assert {racer.says() for racer in running.values()} == {"ready"}
        yield running


def race(platform: LocalPlatform, racers: dict[str, Helper], rounds: int) -> int:
    """Let them race; how often both were accepted, one right after the other."""
    both = 0
    ids = _log_ids(platform)
    for number, duration in zip(range(rounds), itertools.cycle((0.0, 0.01, 0.05)), strict=False):
        platform.control.outcome("Short", status="SUCCESS" if number % 4 else "FAILED", duration=duration)
        platform.control.clear_journal()
        for racer in racers.values():
            racer.tell("go")
        said = {name: json.loads(racer.says()) for name, racer in racers.items()}
        accepted = [each.agent.split()[0] for each in platform.control.journal("run-pipeline") if each.status == 200]
        new = [log_id for log_id in _log_ids(platform) if log_id not in ids]
        ids += new
        assert len(accepted) == len(new) >= 1
        own = dict(zip(accepted, new, strict=True))
        both += len(own) == 2
        for name, answer in said.items():
            if name in own:
                assert answer.get("log_id") == own[name] or answer["doubt"], (duration, said, own)
            else:
                assert answer == {"busy": True}
    return both


def _log_ids(platform: LocalPlatform) -> list[str]:
    """The flow's log, oldest first."""
    from ikigai_core import Ikigai

    with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        logs: list[Any] = ikigai.apps["Races"].flows["Short"].run_logs(max_count=1000)
    return [log.log_id for log in reversed(logs)]


def test_neither_of_two_processes_takes_the_others_log_for_its_own(
    own_platform: LocalPlatform, racers: dict[str, Helper]
) -> None:
    race(own_platform, racers, 15)


@pytest.mark.soak
def test_they_never_do(own_platform: LocalPlatform, racers: dict[str, Helper]) -> None:
    assert race(own_platform, racers, 300) > 0
