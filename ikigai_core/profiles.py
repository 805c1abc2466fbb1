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

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from ikigai_core.errors import ConfigurationError, MissingFileError, did_you_mean

DEFAULT_PROFILE = "default"

PROFILE_VARIABLE = "IKIGAI_PROFILE"
"""The environment variable that names a profile."""

KEY_FILE_VARIABLE = "IKIGAI_API_KEY_FILE"
"""The environment variable that names a file with the key. It goes before the key itself."""

_LONGEST_KEY = 4096

SETTINGS = (
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
"""What a profile may contain."""


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
    wanted = name or os.environ.get(PROFILE_VARIABLE)
    path = profiles_file()
    profiles = _read(path)
    if wanted is None and DEFAULT_PROFILE not in profiles:
        return {}
    profile = profiles.get(wanted or DEFAULT_PROFILE)
    if not isinstance(profile, Mapping):
        raise ConfigurationError(f"There is no profile {wanted!r} in {path}. {did_you_mean(str(wanted), profiles)}")
    return _settings(wanted or DEFAULT_PROFILE, profile, path)


def save_profile(name: str, settings: Mapping[str, str]) -> Path:
    """Add a profile to the file, or replace it. The rest of the file stays. Only its user can read the file.

    Parameters
    ----------
    settings : mapping of str to str
        As in the file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigurationError
        The file is invalid, or cannot be written.
    """
    path = profiles_file()
    exists = name in _read(path)
    header = f"[{name}]" if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f"[{_toml(name)}]"
    block = "\n".join([header, *(f"{setting} = {_toml(value)}" for setting, value in settings.items())]) + "\n"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if exists:
        table = re.compile(rf"^{re.escape(header)}[ \t]*(#[^\n]*)?\n(?:(?!\[)[^\n]*(?:\n|\Z))*", re.MULTILINE)
        text, count = table.subn(lambda _: f"{block}\n", text, count=1)
        if not count:
            raise ConfigurationError(f"Profile {name!r} in {path} is written in another form: change it there.")
    else:
        text = f"{text.rstrip()}\n\n{block}".lstrip()
    try:
        _write_private(path.resolve(), f"{text.rstrip()}\n")
    except OSError as error:
        raise ConfigurationError(f"The profiles in {path} cannot be written: {error.strerror}") from None
    return path


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    """Replace a file at once. `mkstemp` makes files that only their user can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
        if setting not in SETTINGS:
            hint = did_you_mean(setting, SETTINGS)
            raise ConfigurationError(f"Profile {name!r} in {path} has an unknown setting {setting!r}. {hint}")
    settings = {setting: value for setting, value in profile.items() if setting != "api_key_file"}
    if "api_key_file" in profile:
        settings["api_key"] = _key_from(Path(str(profile["api_key_file"])).expanduser(), name)
    return settings


def read_key_file(path: str | Path) -> str:
    """The API key in a file that contains nothing else. ``~`` is the user's home folder.

    Raises
    ------
    MissingFileError, ConfigurationError
        The file does not exist, cannot be read, or does not contain exactly one line.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise MissingFileError(f"The API key's file {str(path)!r} does not exist.")
    try:
        with path.open(encoding="utf-8") as file:
            content = file.read(_LONGEST_KEY).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no text"
        raise ConfigurationError(f"The API key's file {str(path)!r} cannot be read: {reason}.") from None
    if not content or len(content.splitlines()) > 1:
        raise ConfigurationError(f"The API key's file {str(path)!r} must contain only the key.")
    return content


def _key_from(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"The key of profile {name!r} cannot be read from {path}: {error.strerror}") from None
