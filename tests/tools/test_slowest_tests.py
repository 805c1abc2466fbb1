"""``tools/slowest_tests.py``: what `make test` prints of the tests' times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "slowest_tests.py"
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
        command = [sys.executable, "-m", "pytest", "-q", "--rootdir", tmp_path, f"--junit-xml={report}", *options, file]
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
