"""The user and the platform of a command: from global options, a key file, the environment and profiles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ikigai_core._version import __version__
from ikigai_core.errors import ConfigurationError
from ikigai_core.profiles import KEY_FILE_VARIABLE, load_profile, read_key_file

if TYPE_CHECKING:
    from ikigai_core.client import Ikigai


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
        return None if self.api_key_file is None else read_key_file(self.api_key_file)


def client_of(connection: Connection, **settings: Any) -> Ikigai:
    """A client for a connection, with further settings of the client. Sends nothing. Errors as for `connect`."""
    api_key = connection.api_key
    profile = load_profile(connection.profile)
    if not (connection.user_email or os.environ.get("IKIGAI_USER_EMAIL") or "user_email" in profile):
        raise ConfigurationError(
            "No user: set the environment variable IKIGAI_USER_EMAIL, or give --user-email or --profile."
        )
    in_environment = os.environ.get("IKIGAI_API_KEY") or os.environ.get(KEY_FILE_VARIABLE)
    if not (api_key or in_environment or "api_key" in profile):
        raise ConfigurationError(
            "No API key: set the environment variable IKIGAI_API_KEY, name the file that holds the key with "
            f"--api-key-file or {KEY_FILE_VARIABLE}, give --profile, or run `ikigai login`."
        )
    from ikigai_core.client import Ikigai

    return Ikigai(
        connection.user_email,
        api_key,
        connection.base_url,
        profile=connection.profile,
        user_agent=f"ikigai-cli/{__version__}",
        **settings,
    )
