"""Progress goes to one callback, or to a bar where somebody is looking; the verdict is polled, and told."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import termios
from itertools import pairwise
from pathlib import Path

import pytest

from ikigai_core import App, Progress, errors
from ikigai_core.local.process import LocalPlatform

MOVE = """
import sys
from ikigai_core import Ikigai

app, where = sys.argv[1:]
dataset = Ikigai().apps[app].dataset.new("data").csv("data.csv")
dataset = dataset.build(on_progress=False if where == "terminal" else None)
print("|", file=sys.stderr)
if where == "notebook":
    sys.modules["ipykernel"] = sys
dataset.edit_data("data.csv")
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text("number,text\n" + "".join(f"{n},some text\n" for n in range(100_000)))
    return tmp_path


def said(platform: LocalPlatform, app: App, folder: Path, where: str) -> list[str]:
    """What a process writes to standard error, a terminal or a pipe, before and after a line."""
    ours, theirs = pty.openpty() if where == "terminal" else os.pipe()
    if where == "terminal":
        termios.tcsetwinsize(theirs, (24, 80))
    command = [sys.executable, "-c", MOVE, app.name, where]
    environment = {**os.environ, **platform.environ()}
    written = b""
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        # A terminal ends with an error (Linux).
        with contextlib.suppress(OSError):
            while block := os.read(ours, 65536):
                written += block
    os.close(ours)
    assert process.returncode == 0, written.decode()
    return written.decode().split("|\r\n" if where == "terminal" else "|\n")


@pytest.mark.parametrize("where", ["terminal", "notebook"])
def test_a_bar_is_drawn_where_somebody_looks_and_is_not_told_to_be_silent(
    ikigai_local: LocalPlatform, app: App, data: Path, where: str
) -> None:
    silent, bar = said(ikigai_local, app, data, where)
    assert silent == ""
    assert "upload of 'data'" in bar


def test_a_callback_is_told_what_moves_and_how_far_it_is(app: App, data: Path) -> None:
    seen: list[Progress] = []
    dataset = app.dataset.new("data").csv(data / "data.csv").build(on_progress=seen.append)
    size = (data / "data.csv").stat().st_size
    assert {(progress.what, progress.total) for progress in seen} == {("upload of 'data'", size)}
    assert (seen[0].done, seen[-1].done) == (0, size)
    assert all(before.done <= after.done for before, after in pairwise(seen))
    seen.clear()
    dataset.to_csv(data / "down.csv", on_progress=seen.append)
    assert (seen[-1].what, seen[-1].done, seen[-1].total) == ("download of 'data'", size, size)


def test_a_verdict_is_waited_for_and_its_reason_told(ikigai_local: LocalPlatform, app: App, data: Path) -> None:
    dataset = app.dataset.new("data").csv(data / "data.csv").build()
    (data / "twice.csv").write_text("a,a\n1,2\n")
    with pytest.raises(errors.UploadError, match="Column name 'a' occurs 2 times") as caught:
        dataset.edit_data(data / "twice.csv")
    assert not caught.value.transient
    assert len(dataset.df()) == 100_000
    ikigai_local.control.clear_journal()
    with ikigai_local.control.fault(
        operation="confirm-dataset-upload", body={"status": "RUNNING"}, status=200, times=3
    ):
        dataset.edit_data(data / "data.csv")
    assert len(ikigai_local.control.journal("confirm-dataset-upload")) >= 4
