"""``ikigai login``: ask for the user and the key, and keep them in a profile."""

from __future__ import annotations

from typing import Annotated

import typer

from ikigai_core._version import __version__
from ikigai_core.cli.clients import Connection
from ikigai_core.cli.output import AsJson, emit
from ikigai_core.profiles import DEFAULT_PROFILE, profiles_file, save_profile
from ikigai_core.web_urls import PLATFORM_API


def login(
    context: typer.Context,
    check: Annotated[bool, typer.Option(help="Ask the platform whether it accepts the key.")] = True,
    as_json: AsJson = False,
) -> None:
    """Ask for address, user and key, and keep them in a profile that only you can read.

    The profile is that of the option --profile, or `default`. Options before the command are not asked for.
    """
    connection: Connection = context.obj
    name = connection.profile or DEFAULT_PROFILE
    base_url = connection.base_url or typer.prompt("Address of the platform", default=PLATFORM_API, err=True)
    user_email = connection.user_email or typer.prompt("Email address", err=True)
    api_key = connection.api_key or typer.prompt("API key (hidden)", hide_input=True, err=True)
    _check(user_email, api_key, base_url, ask=check)
    save_profile(name, {"user_email": user_email.strip(), "api_key": api_key.strip(), "base_url": base_url.strip()})
    said = {"profile": name, "file": profiles_file(), "user_email": user_email, "base_url": base_url}
    emit(said, lambda: f"Profile {name!r} of {user_email} is in {profiles_file()}.", as_json=as_json)


def _check(user_email: str, api_key: str, base_url: str, *, ask: bool) -> None:
    from ikigai_core.client import Ikigai

    with Ikigai(user_email, api_key, base_url, user_agent=f"ikigai-cli/{__version__}") as ikigai:
        if ask:
            ikigai.apps()
