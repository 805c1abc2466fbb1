"""``ikigai local env``: the settings that connect a shell to a running local platform."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from ikigai_core.cli.output import AsJson, emit
from ikigai_core.errors import ConfigurationError
from ikigai_core.local.running import find


class Shell(StrEnum):
    """A family of shells."""

    SH = "sh"
    FISH = "fish"


def environment(arguments: Sequence[str]) -> None:
    """Run ``ikigai local env`` with these arguments."""
    command = typer.Typer(rich_markup_mode=None, add_completion=False)
    command.command()(env)
    command(list(arguments), prog_name="ikigai local env")


def env(
    shell: Annotated[Shell, typer.Option(help="Shell to write for: sh (also bash and zsh) or fish.")] = Shell.SH,
    port: Annotated[int | None, typer.Option(help="Port of the platform. Default: the one that started last.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the settings of a running local platform: eval "$(ikigai local env)", or in fish, pipe them to source."""
    running = find(port)
    if running is None:
        raise ConfigurationError("No local platform is running here: start one with `ikigai local`.")
    settings = {"IKIGAI_BASE_URL": running.base_url, "IKIGAI_USER_EMAIL": running.user_email}
    if running.api_key is not None:
        settings["IKIGAI_API_KEY"] = running.api_key
    else:
        sys.stderr.write("ikigai: the key is the one that the platform was started with: set IKIGAI_API_KEY to it.\n")
    emit(settings, lambda: "\n".join(_line(shell, *each) for each in settings.items()), as_json=as_json)


def _line(shell: Shell, name: str, value: str) -> str:
    if shell is Shell.SH:
        return f"export {name}={shlex.quote(value)}"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}';"
