from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .outside import SECRET, connect, receiver


def sent(jobs: Any, **arguments: Any) -> Any:
    return jobs.run([jobs.imported("a\n1\n2\n"), jobs.facet("OUTPUT.SLACK", "tell", channel="#data", **arguments)])


def test_the_message_reaches_the_channel(jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(lambda body: (200, "ok")) as slack:
        connect(monkeypatch, tmp_path, slack=f"{slack.url}/services/T/B/{SECRET[:7]}")
        ended = [sent(jobs, message="done: é"), sent(jobs)]

    assert [one.message for one in ended] == ["", ""]
    assert slack.posted == [
        {"channel": "#data", "text": "done: é"},
        {"channel": "#data", "text": "The table has 2 rows."},
    ]


def test_a_refusal_is_told_without_the_webhook(jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(lambda body: (404, f"no_service at {url}")) as slack:
        url = f"{slack.url}/services/T/B/hidden"
        connect(monkeypatch, tmp_path, slack={"url": url})
        refused = sent(jobs)
    gone = sent(jobs)

    assert "Slack refused the message to '#data' with 404: no_service at …" in refused.message
    assert "connection 'slack' failed to send to '#data': " in gone.message
    for ended in (refused, gone):
        assert "hidden" not in ended.message
        assert ended.facet_id == "tell"
