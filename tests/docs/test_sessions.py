"""The sessions that the documents show are what a shell shows."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

from .documents import ROOT

_SESSION = re.search(r"^```console\n(.*?)^```$", (ROOT / "docs/command-line.md").read_text(), re.MULTILINE | re.DOTALL)
_DIFFERING = {
    r"\b[0-9A-Za-z]{27}\b": "<id>",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "<time>",
    r"request id \w+": "request id <number>",
    r"127\.0\.0\.1:\d+": "127.0.0.1:<port>",
    r" +": " ",
    # How often the progress is told depends on how quick the run is.
    r"(?m)^.*: (SCHEDULED|RUNNING) \d+ %\n": "",
}


def without_chance(text: str) -> str:
    """What is shown, but for ids, times and the widths of columns."""
    for pattern, same in _DIFFERING.items():
        text = re.sub(pattern, same, text)
    return text


@pytest.fixture
def shell(reader: Path, ikigai_local_server: LocalPlatform) -> Any:
    """Runs a line of a session."""
    me = "me@example.com"
    account = LocalAccount(ikigai_local_server, me, ikigai_local_server.control.add_user(me))
    commands = f"{ROOT / '.venvs/core/bin'}:{os.environ['PATH']}"
    environment = {**os.environ, **account.environ(), "PATH": commands}

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=reader,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout

    yield run
    ikigai_local_server.control.remove_user(me)


def test_the_session_of_the_command_line_is_as_shown(shell: Any) -> None:
    assert _SESSION is not None
    steps = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", _SESSION.group(1), re.MULTILINE)
    assert len(steps) >= 10
    for line, shown in steps:
        assert without_chance(shell(line)) == without_chance(shown), line
