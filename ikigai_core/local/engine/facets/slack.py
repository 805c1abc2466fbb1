"""Slack: sends a message to a channel."""

from __future__ import annotations

import requests

from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step

_CONNECTION = "slack"
_SECONDS = 30.0


def run(step: Step) -> None:
    """Send the message, or else the number of rows, to the webhook of the connection `slack`."""
    channel = step.arguments["channel"]
    place = connection(step, _CONNECTION)
    rows = step.tables.row_count(step.table)
    text = step.arguments["message"] or f"The table has {rows:,} rows."
    with place.reporting(f"send to '{channel}'"):
        answer = requests.post(
            str(place.setting("url")), json={"channel": channel, "text": text}, timeout=_SECONDS, allow_redirects=False
        )
        if not answer.ok:
            told = place.without_secrets(answer.text[:200])
            raise FlowError(f"Slack refused the message to '{channel}' with {answer.status_code}: {told}")
