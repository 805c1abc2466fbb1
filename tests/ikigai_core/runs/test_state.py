"""What a run was described with is understood by every later release, and by no mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import FlowRun
from ikigai_core.errors import InvalidInputError
from ikigai_core.runs.follow import follow
from ikigai_core.runs.state import VERSION, RunState

KEPT = sorted(Path(__file__).with_name("kept").glob("v*.json"))


def test_there_is_a_kept_run_of_every_version() -> None:
    assert [path.stem for path in KEPT] == [f"v{version + 1}" for version in range(VERSION)]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_run_that_was_kept_by_any_release_is_followed(path: Path, flow: Any) -> None:
    kept = json.loads(path.read_text())
    run = RunState.from_dict(kept)
    for name in kept.keys() - {"version"}:
        assert getattr(run, name) == kept[name]
    entries = [f"entry-{n}" for n in range(run.rivals + 1)]
    flow.logs = [(0.0, "before", "FAILED"), *((0.0, log_id, "SUCCESS") for log_id in entries)]
    assert flow.run(follow(run)).log.log_id == entries[-1]
    assert RunState.from_dict(json.loads(json.dumps(run.to_dict()))) == run


def test_a_run_that_has_ended_is_remembered_as_such(flow: Any, started: RunState) -> None:
    flow.logs = [(0.0, "before", "SUCCESS"), (0.0, "mine", "SUCCESS")]
    kept = flow.run(follow(started)).run.to_dict()
    flow.states, flow.logs = [(0.0, "RUNNING 3")], [*flow.logs, (0.0, "next", "FAILED")]
    assert flow.run(follow(RunState.from_dict(kept))).log.log_id == "mine"
    assert FlowRun.from_dict(kept, None).log_id == "mine"


def test_a_run_of_a_later_release_is_refused_with_what_to_do(started: RunState) -> None:
    with pytest.raises(InvalidInputError, match="version 99.*upgrade"):
        RunState.from_dict({**started.to_dict(), "version": 99})


def test_what_is_no_run_is_refused(started: RunState) -> None:
    with pytest.raises(InvalidInputError, match="flow_id missing"):
        RunState.from_dict({name: value for name, value in started.to_dict().items() if name != "flow_id"})
