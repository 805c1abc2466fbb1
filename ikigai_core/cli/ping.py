"""``ikigai ping``: check whether the platform answers, and for which user."""

from __future__ import annotations

import time

import typer

from ikigai_core.cli.connection import connect
from ikigai_core.cli.output import AsJson, emit


def ping(context: typer.Context, as_json: AsJson = False) -> None:
    """Request your apps, and print your user, the platform's address, and the duration."""
    from ikigai_core.procedure import pause

    with connect(context) as ikigai:
        # Load the HTTP library first: its loading time is not the platform's.
        ikigai.run(pause(0))
        began = time.perf_counter()
        count = len(ikigai.apps())
        seconds = round(time.perf_counter() - began, 4)
        answer = {"user_email": ikigai.user_email, "base_url": ikigai.base_url, "apps": count, "seconds": seconds}
    said = f"{ikigai.base_url} answered {ikigai.user_email} ({count} {'app' if count == 1 else 'apps'})"
    emit(answer, lambda: f"{said} in {seconds * 1000:.0f} ms", as_json=as_json)
