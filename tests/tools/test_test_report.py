"""``tools/test_report.py``: what `make test` prints of all tests at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "test_report.py"
# The plugin of schemathesis takes two seconds to load.
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis")
SLEEPY = """
import time
import pytest

@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_of_{suite}(seconds):
    time.sleep(seconds)
"""


def test_the_slowest_tests_of_all_suites_are_told_slowest_first(tmp_path: Path) -> None:
    for suite, options in (("test-one", []), ("test-two", ["--numprocesses=1"])):
        file = tmp_path / f"test_{suite[-3:]}.py"
        file.write_text(SLEEPY.format(suite=suite[-3:]))
        report = tmp_path / "times" / f"{suite} core.xml"
        command = [*PYTEST, "--rootdir", tmp_path, f"--junit-xml={report}", *options, file]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    command = [sys.executable, TOOL, tmp_path / "times", "--count", "2"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line.partition(" s  ")[2] for line in printed[:2]] == ["test-one: 2 tests", "test-two: 2 tests"]
    assert printed[2] == "The 2 slowest tests:"
    assert {line.partition(" s  ")[2] for line in printed[3:]} == {
        "test-one: test_one::test_of_one[0.3]",
        "test-two: test_two::test_of_two[0.3]",
    }
    assert all(float(line.split()[0]) >= 0.3 for line in printed[3:])


def test_what_failed_is_told_last_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "test_sums.py"
    file.write_text("def test_right():\n    assert 1 + 1 == 2\n\n\ndef test_wrong():\n    assert 1 + 1 == 3\n")
    command = [*PYTEST, "--rootdir", tmp_path, f"--junit-xml={tmp_path}/sums.xml", file]
    assert subprocess.run(command, check=False, capture_output=True, cwd=tmp_path).returncode == 1
    printed = subprocess.run([sys.executable, TOOL, tmp_path], check=True, capture_output=True, text=True).stdout
    _, _, told = printed.partition("FAILED ")
    assert told.startswith("sums: test_sums::test_wrong\n")
    assert "assert (1 + 1) == 3" in told
