"""The pytest plugin, as a user's test suite has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
def test_one(ikigai_client, ikigai_local):
    assert ikigai_client.apps()["Start Here (Tutorial)"].owner == ikigai_local.user_email

def test_two(ikigai_client):
    ikigai_client.app.new("made by a test").build()
    assert "made by a test" in ikigai_client.apps()
"""


def run_suite(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_suite_that_asks_for_the_plugin_gets_a_platform_and_a_client(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["ikigai_core.local.testing"]\n')
    result = run_suite(tmp_path)
    assert result.returncode == 0, result.stdout
    assert "2 passed" in result.stdout


def test_a_suite_that_does_not_ask_gets_nothing(tmp_path: Path) -> None:
    result = run_suite(tmp_path)
    assert "fixture 'ikigai_client' not found" in result.stdout
