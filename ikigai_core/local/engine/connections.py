"""Connections to what is outside: databases, buckets, chats, language models. Only their names are in a definition.

They are named in `connections.yaml` in the data folder, in the file that IKIGAI_LOCAL_CONNECTIONS names, or each in a
variable such as IKIGAI_CONNECTION_WAREHOUSE. A connection is a mapping of settings, or a URL alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.step import Step

FILE_VARIABLE = "IKIGAI_LOCAL_CONNECTIONS"
PREFIX = "IKIGAI_CONNECTION_"
_FILE_NAME = "connections.yaml"
# Settings that are no secrets, so that messages may show them.
_SHOWN = {"endpoint_url", "base_url", "region", "model", "table", "protocol"}


class Connection:
    """A connection and its settings. Its secrets are in no text that it makes.

    Parameters
    ----------
    name
        Its name.
    settings
        What the file or the variable says of it.
    """

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.settings = dict(settings)

    def __repr__(self) -> str:
        return f"Connection({self.name!r})"

    def setting(self, key: str) -> Any:
        """Return a setting.

        Raises
        ------
        FlowError
            The connection has none of that name.
        """
        if self.settings.get(key) in (None, ""):
            raise FlowError(f"connection '{self.name}' has no '{key}'; add it where the connection is named")
        return self.settings[key]

    @contextmanager
    def reporting(self, what: str) -> Iterator[None]:
        """Turn errors of libraries into one of the flow that tells `what` failed, without the connection's secrets."""
        try:
            yield
        except FlowError:
            raise
        except Exception as error:
            reason = self.without_secrets(str(error).strip().split("\n")[0] or type(error).__name__)
            raise FlowError(f"connection '{self.name}' failed to {what}: {reason}") from None

    def without_secrets(self, text: str) -> str:
        """Return a text in which each secret of the connection is replaced."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    def _secrets(self) -> set[str]:
        found: set[str] = set()
        for key, value in self.settings.items():
            if key not in _SHOWN and isinstance(value, str):
                found.add(value)
                found |= _parts(value)
        return found - {""}


def _parts(url: str) -> set[str]:
    """Return what of a URL is secret: the password, and the path of a webhook."""
    try:
        parts = urlsplit(url)
        secrets = {parts.password or "", unquote(parts.password or "")}
    except ValueError:
        return set()
    return secrets | ({parts.path.strip("/"), parts.query} if parts.scheme in ("http", "https") else set())


def connection(step: Step, name: str) -> Connection:
    """Return the connection of this name.

    Raises
    ------
    FlowError
        There is none, or where it is named cannot be read.
    """
    known = _in_files(step) | _in_environment()
    folded = {other.casefold(): other for other in known}
    found = folded.get(name.casefold())
    if found is None:
        raise FlowError(
            f"there is no connection '{name}'{did_you_mean(name, known)} Connections are named in {_FILE_NAME} in the "
            f"local platform's data folder, or by variables such as {PREFIX}{_variable(name)}"
        )
    settings = known[found]
    return Connection(found, settings if isinstance(settings, Mapping) else {"url": str(settings)})


def _in_files(step: Step) -> dict[str, Any]:
    folder = step.workspace.script_limits.hidden
    paths = [folder / _FILE_NAME] if folder else []
    if os.environ.get(FILE_VARIABLE):
        paths.append(Path(os.environ[FILE_VARIABLE]))
    known: dict[str, Any] = {}
    for path in paths:
        if path.exists():
            known |= {str(name): value for name, value in _read(path).items()}
    return known


def _read(path: Path) -> Mapping[Any, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        # The parser's own message shows the line, which may hold a secret.
        raise FlowError(f"{path.name} cannot be read as YAML; correct it") from None
    if not isinstance(content, Mapping):
        raise FlowError(f"{path.name} has to hold a mapping of names to connections; correct it")
    return content


def _in_environment() -> dict[str, Any]:
    known: dict[str, Any] = {}
    for variable, text in os.environ.items():
        if variable.startswith(PREFIX) and text:
            try:
                value = yaml.safe_load(text)
            except yaml.YAMLError:
                value = None
            known[variable.removeprefix(PREFIX).lower()] = value if isinstance(value, Mapping) else text
    return known


def _variable(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name).upper()
