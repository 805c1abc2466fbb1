"""The pytest plugin, as a user's test suite has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ikigai_core.local.testing import LocalAccount

PLUGIN = 'pytest_plugins = ["ikigai_core.local.testing"]\n'

SUITE = """
import asyncio, os
import pytest
from ikigai_core import errors

TUTORIAL = ["Start Here (Tutorial)"]

@pytest.mark.parametrize("number", range(3))
def test_accounts_are_fresh(ikigai_client, ikigai_local, number):
    apps = ikigai_client.apps()
    assert list(apps) == TUTORIAL and apps[TUTORIAL[0]].owner == ikigai_local.user_email
    ikigai_local.seed("Same name", {"rows": b"a,b\\n1,x\\n"})
    assert ikigai_client.apps["Same name"].datasets["rows"].df()["b"].tolist() == ["x"]
    # A run that is still going, a fault and entries in the journal: none of them reaches the next test.
    assert [request.operation for request in ikigai_local.control.journal("run-pipeline")] == []
    flow = ikigai_client.apps[TUTORIAL[0]].flows["new flow"]
    ikigai_local.control.outcome(duration=600)
    flow.start()
    ikigai_local.control.fault(status=400, times=1000)
    with pytest.raises(errors.BadRequestError):
        flow.start()

def test_async(async_ikigai_client, ikigai_local):
    async def names():
        return list(await async_ikigai_client.apps())

    assert asyncio.run(names()) == TUTORIAL
    assert asyncio.run(names()) == TUTORIAL

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_async_with_a_plugin(async_ikigai_client):
    assert list(await async_ikigai_client.apps()) == TUTORIAL

def test_a_platform_that_a_test_kills_is_there_for_the_next(ikigai_local):
    ikigai_local.platform.kill()

def test_and_so_it_is(ikigai_client):
    assert list(ikigai_client.apps()) == TUTORIAL

def test_url(ikigai_local_server, record_property):
    record_property("server", ikigai_local_server.url)
    record_property("worker", os.environ.get("PYTEST_XDIST_WORKER"))
"""


def run_suite(folder: Path, suite: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(suite)
    without = ("-p", "no:cacheprovider", "-p", "no:schemathesis")
    command = [sys.executable, "-m", "pytest", "-q", *without, "-W", "error", *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_suite_that_asks_for_it_gets_a_server_a_worker_and_an_account_a_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(PLUGIN)
    result = run_suite(tmp_path, SUITE, "-n", "1", f"--junit-xml={tmp_path}/report.xml")
    assert result.returncode == 0, result.stdout
    assert "8 passed" in result.stdout
    assert 'value="gw' in (tmp_path / "report.xml").read_text()


def test_a_suite_that_does_not_ask_gets_nothing(tmp_path: Path) -> None:
    result = run_suite(tmp_path, SUITE)
    assert "fixture 'ikigai_client' not found" in result.stdout


def test_the_key_of_an_account_is_not_shown(ikigai_local: LocalAccount) -> None:
    assert ikigai_local.api_key not in repr(ikigai_local)
    assert ikigai_local.environ()["IKIGAI_API_KEY"] == ikigai_local.api_key
