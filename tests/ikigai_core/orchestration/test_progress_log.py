"""A run's log can be read: each change of status, and each tenth of its progress, once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from ikigai_core import FlowStatus, FlowStatusReport, RunLog
from ikigai_core.orchestration import ProgressLog

LOGGER = logging.getLogger("an-orchestrator")


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER.name)


def report(status: str, progress: int | None = None, message: str = "") -> FlowStatusReport:
    return FlowStatusReport(status=FlowStatus(status), progress=progress, message=message)


def test_changes_of_status_and_tenths_of_progress_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    progress = ProgressLog(LOGGER, "Late flights")
    progress(report("SCHEDULED", message="in line"))
    for percent in (0, 4, 9, 10, 11, 35, 39):
        progress(report("RUNNING", percent))
    # Said without progress, and then again with the same: nothing is new.
    progress(report("RUNNING"))
    progress(report("RUNNING", 39))
    progress(report("SCHEDULED", 39))
    progress(report("IDLE", 100))
    assert caplog.messages == [
        "Flow 'Late flights' is SCHEDULED: in line",
        "Flow 'Late flights' is RUNNING 0 %",
        "Flow 'Late flights' is RUNNING 10 %",
        "Flow 'Late flights' is RUNNING 35 %",
        "Flow 'Late flights' is SCHEDULED 39 %",
    ]
    assert progress.last == report("IDLE", 100)


def test_steps_can_be_larger(caplog: pytest.LogCaptureFixture) -> None:
    progress = ProgressLog(LOGGER, "Late flights", step=50)
    for percent in range(0, 100, 5):
        progress(report("RUNNING", percent))
    assert len(caplog.messages) == 2


def test_the_end_is_told_and_a_bad_one_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    log = RunLog(log_id="7", status=FlowStatus.SUCCESS, user="bob@example.com", timestamp=datetime.now(UTC))
    progress = ProgressLog(LOGGER, "Late flights")
    progress.ended(log)
    progress.ended(log.model_copy(update={"status": FlowStatus.FAILED, "data": "no column 'delay'"}))
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "Flow 'Late flights' ended: SUCCESS (run log 7)"),
        ("WARNING", "Flow 'Late flights' ended: FAILED: no column 'delay' (run log 7)"),
    ]


def test_that_a_run_goes_on_is_told_with_how_far_it_was(caplog: pytest.LogCaptureFixture) -> None:
    progress = ProgressLog(LOGGER, "Late flights")
    progress.goes_on()
    progress(report("RUNNING", 40))
    progress.goes_on("A retry follows it: 100 % sure.")
    text = "The run of flow 'Late flights' is still running: the platform cannot stop runs"
    assert [message for message in caplog.messages if "still running" in message] == [
        f"{text} (no status was seen yet).",
        f"{text} (last status: RUNNING 40 %). A retry follows it: 100 % sure.",
    ]
