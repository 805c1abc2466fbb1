"""Named profiles: settings for several platforms or users, in one file.

The file is ``$IKIGAI_CONFIG``, or ``ikigai/profiles.toml`` in the user's configuration folder: on Linux
``$XDG_CONFIG_HOME``, by default ``~/.config``; on macOS ``~/Library/Application Support``; on Windows
``%LOCALAPPDATA%``::

    [default]
    user_email = "bob@example.com"
    api_key_file = "~/.secrets/ikigai"

    [staging]
    user_email = "bob@example.com"
    api_key = "…"
    base_url = "https://staging.example.com"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from ikigai_core.errors import ConfigurationError, did_you_mean

DEFAULT_PROFILE = "default"

_SETTINGS = (
    "user_email",
    "api_key",
    "api_key_file",
    "base_url",
    "ca_bundle",
    "connect_timeout",
    "read_timeout",
    "call_timeout",
    "processing_timeout",
    "answer_limit",
    "proxy",
    "web_url",
)


def profiles_file() -> Path:
    """Path of the file with the profiles."""
    named = os.environ.get("IKIGAI_CONFIG")
    if named:
        return Path(named).expanduser()
    return user_config_path("ikigai", appauthor=False) / "profiles.toml"


def load_profile(name: str | None) -> dict[str, Any]:
    """The settings of a profile; empty if none is named and there is no default one.

    Parameters
    ----------
    name : str or None
        None: ``$IKIGAI_PROFILE``, or ``default``.

    Returns
    -------
    dict
        Settings by the names of the client's arguments. The key is read from ``api_key_file`` if that is set.

    Raises
    ------
    ConfigurationError
        The named profile does not exist, or the file is invalid. Keys are not shown.
    """
    wanted = name or os.environ.get("IKIGAI_PROFILE")
    path = profiles_file()
    profiles = _read(path)
    if wanted is None and DEFAULT_PROFILE not in profiles:
        return {}
    profile = profiles.get(wanted or DEFAULT_PROFILE)
    if not isinstance(profile, Mapping):
        raise ConfigurationError(f"There is no profile {wanted!r} in {path}. {did_you_mean(str(wanted), profiles)}")
    return _settings(wanted or DEFAULT_PROFILE, profile, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"The profiles in {path} cannot be read: {error}") from None


def _settings(name: str, profile: Mapping[str, Any], path: Path) -> dict[str, Any]:
    for setting in profile:
        if setting not in _SETTINGS:
            hint = did_you_mean(setting, _SETTINGS)
            raise ConfigurationError(f"Profile {name!r} in {path} has an unknown setting {setting!r}. {hint}")
    settings = {setting: value for setting, value in profile.items() if setting != "api_key_file"}
    if "api_key_file" in profile:
        settings["api_key"] = _key_from(Path(str(profile["api_key_file"])).expanduser(), name)
    return settings


def _key_from(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"The key of profile {name!r} cannot be read from {path}: {error.strerror}") from None
