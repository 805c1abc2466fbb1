"""``ikigai local`` serves a platform that the other commands find."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import COMMAND, CommandLine


@pytest.mark.parametrize("as_json", [True, False])
def test_a_platform_is_served_until_it_is_told_to_stop(ikigai: CommandLine, tmp_path: Path, as_json: bool) -> None:
    key = tmp_path / "key"
    key.write_text("a-key-of-ours\n")
    ours = ("--user-email", "ann@example.com", "--api-key-file", str(key))
    nobody = {name: value for name, value in ikigai.environment.items() if not name.startswith("IKIGAI_")}
    words = [*COMMAND, *ours, "local", "--port", "0", *(["--json"] if as_json else [])]
    with subprocess.Popen(words, env=nobody, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = json.loads(line)["base_url"] if as_json else line.split()[5]
            assert ikigai("--base-url", url, *ours, "ping").returncode == 0
            process.send_signal(signal.SIGTERM)
            rest, complaints = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert "a-key-of-ours" not in line


def test_what_is_not_for_a_local_platform_is_refused(ikigai: CommandLine) -> None:
    assert ikigai("--base-url", "http://localhost", "local").returncode == 2
    done = ikigai("local", "--prt", "0")
    assert done.returncode == 2
    assert b"usage: ikigai local" in done.stderr
