"""The smoke test against a real account does nothing without consent, and cleans up however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform

pytest_plugins = ["ikigai_core.local.testing"]

TOOL = Path(__file__).parents[2] / "tools" / "live.py"
# Far more than it takes, for machines that have other things to do.
TIMEOUT = 600


@pytest.fixture(scope="module")
def platform(ikigai_local_server: LocalPlatform) -> LocalPlatform:
    return ikigai_local_server


@pytest.fixture(autouse=True)
def requests_from_now(platform: LocalPlatform) -> Iterator[None]:
    platform.control.reset()
    yield
    with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        assert not [name for name in ikigai.apps() if "live test" in name]


def live(platform: LocalPlatform, consent: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, **platform.environ(), "IKIGAI_LIVE_CONSENT": consent}
    return subprocess.Popen(
        [sys.executable, str(TOOL)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("consent", ["", "somebody.else@example.com"])
def test_nothing_is_sent_without_the_consent_to_this_very_account(platform: LocalPlatform, consent: str) -> None:
    process = live(platform, consent)
    _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert f"IKIGAI_LIVE_CONSENT={platform.user_email} make live" in said
    assert platform.api_key not in said
    assert platform.control.journal() == []


def test_the_main_job_is_walked_and_nothing_is_left(platform: LocalPlatform) -> None:
    process = live(platform, platform.user_email)
    said, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, errors) == (0, "")
    assert said.endswith("All went well.\n")
    assert platform.api_key not in said


def test_a_failure_is_told_and_nothing_is_left(platform: LocalPlatform) -> None:
    platform.control.fault(operation="run-pipeline", status=400, times=1)
    platform.control.fault(operation="delete-project", status=503, when="before", times=7)
    process = live(platform, platform.user_email)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "FAILED: BadRequestError" in said
    assert "tried again after" in said


def test_a_test_that_is_told_to_end_leaves_nothing(platform: LocalPlatform) -> None:
    process = live(platform, platform.user_email)
    platform.control.wait_for_request("get-dataset-multipart-upload-urls")
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "the app is deleted\n  done" in said
