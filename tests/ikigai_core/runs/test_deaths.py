"""A caller is killed before, in and after each step: its successor ends with the one run that there is, or says why."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import App, Flow, Ikigai
from ikigai_core.errors import StartUnknownError
from ikigai_core.local.process import LocalPlatform
from ikigai_core.runs import copies, lost_start
from tests.ikigai_core.helper_processes import Helpers

Killed = Callable[[str, str], dict[str, Any]]
IN_THE_START = "in the start"
ON_COPIES = ("prepared", "copied", IN_THE_START, "started", "ended")


@pytest.fixture(scope="module")
def one_platform() -> Iterator[LocalPlatform]:
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture
def own_platform(one_platform: LocalPlatform) -> LocalPlatform:
    """It has no app, and nothing ran on it."""
    one_platform.control.reset(data=True)
    return one_platform


@pytest.fixture
def app(own_platform: LocalPlatform) -> Iterator[App]:
    own_platform.control.outcome(duration=1.0)
    with Ikigai(own_platform.user_email, own_platform.api_key, own_platform.url) as ikigai:
        app = ikigai.app.new("Deaths").build()
        app.flow.new("Mortal").build()
        yield app


@pytest.fixture
def flow(app: App) -> Flow:
    return app.flows["Mortal"]


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_start, "LOOK_FOR", 1.5)
    monkeypatch.setattr(copies, "_ARMED_LOOK", 1.0)
    monkeypatch.setattr(copies, "_FENCED_LOOK", 1.0)


@pytest.fixture
def killed(helpers: Helpers, own_platform: LocalPlatform, tmp_path: Path) -> Killed:
    return partial(_kept_when_killed, helpers, own_platform, tmp_path / "note")


def _kept_when_killed(
    helpers: Helpers, platform: LocalPlatform, note: Path, moment: str, isolation: str
) -> dict[str, Any]:
    """Kill a caller at a moment; what it has kept."""
    before_the_start = "copied" if isolation == "copy" else "prepared"
    phase = before_the_start if moment == IN_THE_START else moment
    account = (platform.url, platform.user_email, platform.api_key)
    with helpers.running("mortal", [*account, str(note), moment, isolation], note.parent) as caller:
        if moment == IN_THE_START:
            platform.control.fault("run-pipeline", when="after", delay=60.0)
        while not (kept := _read(note)) or kept["phase"] != phase:
            assert caller.process.poll() is None
            time.sleep(0.01)
        while moment == IN_THE_START and not platform.control.runs():
            time.sleep(0.01)
    return kept


def _read(note: Path) -> dict[str, Any] | None:
    return json.loads(note.read_text()) if note.exists() else None


def ends_of_runs(platform: LocalPlatform) -> list[str]:
    return [run.status for run in platform.control.runs()]


@pytest.mark.parametrize("moment", ["started", "ended"])
def test_a_successor_follows_the_run_that_is_known_to_have_started(
    own_platform: LocalPlatform, flow: Flow, killed: Killed, moment: str
) -> None:
    run = flow.launch(previous=killed(moment, "shared"))
    log = run.result(timeout=60)
    assert (run.picked_up, run.attached, run.doubt) == (True, False, "")
    assert flow.run_logs(max_count=9) == [log]
    assert ends_of_runs(own_platform) == ["SUCCESS"]


@pytest.mark.usefixtures("short_looks")
@pytest.mark.parametrize("moment", ["prepared", IN_THE_START])
def test_a_successor_starts_nothing_while_a_start_may_still_arrive_unless_it_is_told_to(
    own_platform: LocalPlatform, flow: Flow, killed: Killed, moment: str
) -> None:
    kept = killed(moment, "shared")
    began = len(ends_of_runs(own_platform))
    with pytest.raises(StartUnknownError):
        flow.launch(previous=kept)
    assert len(ends_of_runs(own_platform)) == began == (moment == IN_THE_START)
    run = flow.launch(previous=kept, on_doubt="accept")
    run.result(timeout=60)
    assert bool(run.doubt) == (moment == IN_THE_START)
    assert ends_of_runs(own_platform) == ["SUCCESS"]


@pytest.mark.usefixtures("short_looks")
@pytest.mark.parametrize("moment", ON_COPIES)
def test_a_successor_on_private_copies_ends_with_the_result_of_the_one_run(
    own_platform: LocalPlatform, app: App, flow: Flow, killed: Killed, moment: str
) -> None:
    kept = killed(moment, "copy")
    notes = [kept]
    run = flow.launch(isolation="copy", keep=notes.append, previous=kept)
    log = run.result(timeout=60)
    assert (log.status, run.doubt, notes[-1]["phase"]) == ("SUCCESS", "", "ended")
    assert ends_of_runs(own_platform) == ["SUCCESS"]
    assert list(app.flows()) == ["Mortal"]
