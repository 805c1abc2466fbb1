"""The user and the platform of a command: from global options, a key file and the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ikigai_core._version import __version__
from ikigai_core.errors import ConfigurationError, MissingFileError
from ikigai_core.profiles import load_profile

if TYPE_CHECKING:
    from ikigai_core.client import Ikigai

KEY_FILE_VARIABLE = "IKIGAI_API_KEY_FILE"

AppName = Annotated[str, typer.Argument(metavar="APP", show_default=False, help="Name of the app.")]
DatasetName = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Name of the dataset.")]
FlowName = Annotated[str, typer.Argument(metavar="FLOW", show_default=False, help="Name of the flow.")]
ModelName = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Name of the model.")]

_LONGEST_KEY = 4096


@dataclass(frozen=True)
class Connection:
    """The values of the global options. The environment provides the rest.

    Attributes
    ----------
    profile, user_email, base_url : str or None
    api_key_file : Path or None
        The API key itself is never an option: every user of the machine can read a command line.
    """

    profile: str | None
    user_email: str | None
    base_url: str | None
    api_key_file: Path | None

    @property
    def api_key(self) -> str | None:
        """The key in the file; None if no file is named.

        Raises
        ------
        MissingFileError, ConfigurationError
            The file does not exist, cannot be read, or does not contain exactly one line.
        """
        path = self.api_key_file
        if path is None:
            return None
        if not path.exists():
            raise MissingFileError(f"The API key's file {str(path)!r} does not exist.")
        try:
            with path.open(encoding="utf-8") as file:
                content = file.read(_LONGEST_KEY).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The API key's file {str(path)!r} cannot be read: {_reason(error)}.") from None
        if not content or len(content.splitlines()) > 1:
            raise ConfigurationError(f"The API key's file {str(path)!r} has to hold the key, and nothing else.")
        return content


def connect(context: typer.Context) -> Ikigai:
    """A client of the platform for a command. Sends nothing.

    Raises
    ------
    ConfigurationError
        The message names the option or environment variable that is missing or unusable.
    """
    connection: Connection = context.obj
    api_key = connection.api_key
    profile = load_profile(connection.profile)
    if not (connection.user_email or os.environ.get("IKIGAI_USER_EMAIL") or "user_email" in profile):
        raise ConfigurationError(
            "No user: set the environment variable IKIGAI_USER_EMAIL, or give --user-email or --profile."
        )
    if not (api_key or os.environ.get("IKIGAI_API_KEY") or "api_key" in profile):
        raise ConfigurationError(
            "No API key: set the environment variable IKIGAI_API_KEY, name the file that holds the key with "
            f"--api-key-file or {KEY_FILE_VARIABLE}, or give --profile."
        )
    from ikigai_core.client import Ikigai

    return Ikigai(
        connection.user_email,
        api_key,
        connection.base_url,
        profile=connection.profile,
        user_agent=f"ikigai-cli/{__version__}",
    )


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no text"
