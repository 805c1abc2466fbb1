"""Names of apps, datasets, flows and models for the completion of the shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ikigai_core.client import Ikigai
    from ikigai_core.components.app import App

_SECONDS = 10.0
"""Maximum seconds for a completion, with all retries."""

Complete = Callable[[typer.Context, str], list[str]]


def _names(list_names: Callable[[Ikigai, dict[str, Any]], Iterable[str]]) -> Complete:
    def complete(context: typer.Context, incomplete: str) -> list[str]:
        from ikigai_core.cli.clients import Connection, client_of

        try:
            given = context.find_root().params
            fields = ("profile", "user_email", "base_url", "api_key_file")
            connection = Connection(*(given.get(name) for name in fields))
            with client_of(connection, call_timeout=_SECONDS) as ikigai:
                names = list(list_names(ikigai, context.params))
        except Exception:
            # The shell does not show messages of a completion.
            return []
        return [name for name in names if name.startswith(incomplete)]

    return complete


def _app(ikigai: Ikigai, given: dict[str, Any]) -> App:
    return ikigai.apps[given["app"]]


complete_app = _names(lambda ikigai, _: ikigai.apps())
complete_dataset = _names(lambda ikigai, given: _app(ikigai, given).datasets())
complete_flow = _names(lambda ikigai, given: _app(ikigai, given).flows())
complete_model = _names(lambda ikigai, given: _app(ikigai, given).models())
