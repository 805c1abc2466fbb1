"""Following runs never holds up the event loop, from the first request of a fresh process on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform

FLOWS = 12


def test_nothing_blocks_the_event_loop(own_platform: LocalPlatform) -> None:
    credentials = (own_platform.user_email, own_platform.api_key, own_platform.url)
    with Ikigai(*credentials) as ikigai:
        app = ikigai.app.new("Lag").build()
        for number in range(FLOWS):
            app.flow.new(f"Flow {number}").build()
    own_platform.control.outcome(duration=1.0)
    script = str(Path(__file__).with_name("lagging.py"))
    user, key, url = credentials
    command = [sys.executable, script, url, user, key, "Lag", str(FLOWS)]
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=100).stdout)
    assert len(set(said["ids"])) == FLOWS
    assert said["calls"] == []
    assert said["longest"] < 0.05
