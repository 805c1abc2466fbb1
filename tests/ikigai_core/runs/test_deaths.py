"""A caller is killed before, in and after the start: its successor follows the one run that there is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform
from ikigai_core.runs import start

SCRIPT = str(Path(__file__).with_name("mortal.py"))


def killed(platform: LocalPlatform, note: Path, moment: str) -> dict[str, Any]:
    """Kill a caller at a moment; what it has kept."""
    wait_in = {"before": "prepared", "after": "started"}.get(moment, "nothing")
    command = [sys.executable, SCRIPT, platform.url, platform.user_email, platform.api_key, str(note), wait_in]
    phase = "started" if moment == "after" else "prepared"
    with subprocess.Popen(command) as caller:
        try:
            if moment == "in":
                platform.control.fault("run-pipeline", when="after", delay=60.0)
            while not (kept := _read(note)) or kept["phase"] != phase:
                assert caller.poll() is None
                time.sleep(0.01)
            while moment == "in" and not platform.control.journal("run-pipeline"):
                time.sleep(0.01)
        finally:
            caller.kill()
    return kept


def _read(note: Path) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = json.loads(note.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return kept


def test_a_successor_follows_the_one_run(
    own_platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "LOOK_FOR", 1.5)
    with Ikigai(own_platform.user_email, own_platform.api_key, own_platform.url) as ikigai:
        flow = ikigai.app.new("Deaths").build().flow.new("Mortal").build()
        for number, moment in enumerate(("before", "in", "after"), start=1):
            own_platform.control.outcome("Mortal", duration=2.0)
            kept = killed(own_platform, tmp_path / moment, moment)
            run = flow.launch(keep=lambda _: None, previous=kept)
            log = run.result(timeout=60)
            logs = flow.run_logs(max_count=10)
            assert (len(logs), logs[0].log_id) == (number, log.log_id)
            assert run.attached == (moment != "before")
            assert ("prepared by a process that died" in run.doubt) == (moment == "in")
            own_platform.control.reset()
