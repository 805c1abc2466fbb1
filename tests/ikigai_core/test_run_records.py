"""What the platform tells of a run."""

from __future__ import annotations

from ikigai_core import RunLog
from ikigai_core.run_records import LONGEST_MESSAGE


def test_a_message_is_one_that_every_database_can_store() -> None:
    told = {"log_id": "1", "status": "FAILED", "user": "bob@example.com", "timestamp": "2026-01-01T00:00:00Z"}
    log = RunLog.read({**told, "message": "at first\0\ud800" + "x" * 2_000_000 + "at last"})
    assert log.data.startswith("at first\N{REPLACEMENT CHARACTER}?xxx") and log.data.endswith("xxxat last")
    assert "left out" in log.data and len(log.data) <= LONGEST_MESSAGE
    assert RunLog.model_validate(log.model_dump(mode="json")) == log
