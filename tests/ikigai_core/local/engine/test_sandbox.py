"""What a script sees of the machine, and what is left of it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine.script_access import ScriptAccess, can_confine

from .scripts import failure, run_script

ACCESSES = [
    ScriptAccess.OPEN,
    pytest.param(ScriptAccess.CONFINED, marks=pytest.mark.skipif(not can_confine(), reason="no user namespaces")),
]


def _processes_of(mark: str) -> list[str]:
    """The processes with this text in their command line; zombies have none."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [file.parent.name] if mark.encode() in file.read_bytes() else []
        except OSError:
            continue
    return found


def _leave_a_child_behind(mark: str) -> str:
    return f"""
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", {mark!r}], start_new_session=True)
        result = data
    """


@pytest.mark.parametrize("access", ACCESSES)
def test_what_a_script_started_ends_with_it(jobs: Any, access: str) -> None:
    mark = f"mark-{secrets.token_hex(8)}"

    assert run_script(jobs, _leave_a_child_behind(mark), script_access=access).status == "SUCCESS"

    assert _processes_of(mark) == []


@pytest.mark.parametrize("access", ACCESSES)
def test_a_script_that_takes_too_long_is_ended_with_all_that_it_started(jobs: Any, access: str) -> None:
    mark = f"mark-{secrets.token_hex(8)}"

    message = failure(
        jobs, f"{_leave_a_child_behind(mark)}\n        time.sleep(1000)", script_seconds=5, script_access=access
    )

    assert message == "the script ran for more than 5 seconds and was ended"
    assert _processes_of(mark) == []


@pytest.mark.skipif(not can_confine(), reason="no user namespaces")
def test_a_script_sees_its_inputs_and_nothing_else_of_the_users(jobs: Any, tmp_path: Path) -> None:
    secret = tmp_path / "credentials.json"
    secret.write_text("the key")
    script = f"""
        import os, pathlib
        here = pathlib.Path.cwd()
        for number in range(len(here.parts)):
            print(sorted(path.name for path in here.parents[number - 1].iterdir()) if number else "")
        print(sorted(os.listdir()), os.path.exists({str(secret)!r}), os.path.exists({str(Path.home())!r} + "/.ssh"))
        print(sorted(pid for pid in os.listdir("/proc") if pid.isdigit()))
        for path in (os.__file__, "/usr/new"):
            try:
                open(path, "a")
            except OSError as error:
                print(error.strerror)
        result = data
    """

    ended = run_script(jobs, script, script_access="confined")

    assert (ended.status, ended.rows()[0][0]) == ("SUCCESS", "n")
    assert "credentials.json" not in ended.printed
    assert "['input-0-0.parquet', 'printed', 'request.json'] False False" in ended.printed
    assert "['1', '2']" in ended.printed
    assert ended.printed.count("Read-only file system") == 2


@pytest.mark.parametrize("access", ACCESSES)
def test_a_script_has_no_open_file_of_the_platform(jobs: Any, access: str) -> None:
    script = """
        import os
        for number in sorted(map(int, os.listdir("/proc/self/fd"))):
            try:
                print(number, os.readlink(f"/proc/self/fd/{number}").rpartition("/")[2])
            except OSError:
                pass  # that of listing them
        result = data
    """
    ended = run_script(jobs, script, script_access=access)
    assert ended.printed.splitlines() == ["0 null", "1 printed", "2 printed"]
