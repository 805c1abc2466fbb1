"""Checks of a connection's fields. No message shows a secret."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ikigai_core.errors import ConfigurationError

SECONDS = ("connect_timeout", "read_timeout", "call_timeout", "processing_timeout")
BYTES = ("answer_limit",)
_SECRETS = ("api_key", "proxy")
_LOCAL = ("localhost", "127.0.0.1")


class UnusableFieldError(ConfigurationError):
    """A field of a connection is missing or unusable. The message contains no secret.

    Attributes
    ----------
    field : str
        The field's name in this package. An orchestrator may use a different name.
    reason : str
        The fault and its remedy: the rest of a sentence that begins with the field's name.
    """

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field} {reason}")


def check_fields(given: Mapping[str, Any]) -> None:
    """Check each given field, and contradictions between fields.

    Raises
    ------
    UnusableFieldError
    """
    for name, value in given.items():
        _check_value(name, value)
    _check_key(given)
    _check_tls(given)
    for name in ("base_url", "proxy"):
        if name in given:
            _check_address(name, given[name])


def _check_value(name: str, value: object) -> None:
    if name == "verify_tls":
        fits, expected = isinstance(value, bool), "True or False"
    elif name in SECONDS:
        fits, expected = _is_positive(value), "a positive number of seconds"
    elif name in BYTES:
        fits, expected = isinstance(value, int) and _is_positive(value), "a positive whole number of bytes"
    elif name == "look_up_key":
        fits, expected = callable(value), "a function that returns the key"
    elif name == "origin":
        fits, expected = callable(value), "a function that returns the task"
    else:
        fits = bool(isinstance(value, str) and value.strip()) or (name == "api_key" and callable(value))
        expected = "a text"
    if not fits:
        shown = f"of type {type(value).__name__}" if name in _SECRETS else repr(value)
        raise UnusableFieldError(name, f"is {shown}: give {expected}.")


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _check_key(given: Mapping[str, Any]) -> None:
    if "api_key_file" in given and given.keys() & {"api_key", "look_up_key"}:
        raise UnusableFieldError("api_key_file", "is given, and so is the key itself: give one of them.")
    if "look_up_key" in given and not isinstance(given.get("api_key"), str):
        raise UnusableFieldError(
            "look_up_key", "goes with the key as a text: give that as api_key, or this one as api_key."
        )


def _check_tls(given: Mapping[str, Any]) -> None:
    if "client_key" in given and "client_certificate" not in given:
        raise UnusableFieldError("client_key", "is given without client_certificate: give both, or neither.")
    for name in ("client_certificate", "ca_bundle"):
        if name in given and not given.get("verify_tls", True):
            raise UnusableFieldError(name, "is given, and verify_tls is off: switch it on, or leave this out.")


def _check_address(name: str, address: str) -> None:
    parts = _split(address.strip())
    if not parts.scheme and parts.hostname:
        raise UnusableFieldError(name, f"has no scheme: write {_with_scheme(name, parts)!r}.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnusableFieldError(name, "is not an address: pass one such as 'https://ikigai.example.com'.")
    if name == "base_url" and (parts.username or parts.password or parts.query or parts.fragment):
        raise UnusableFieldError(name, "holds credentials, a query or a fragment: give the plain address.")


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        _ = parts.hostname, parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _with_scheme(name: str, parts: SplitResult) -> str:
    scheme = "http" if name == "proxy" or parts.hostname in _LOCAL else "https"
    port = f":{parts.port}" if parts.port else ""
    # The part before an @ may be a password.
    path = "" if "@" in parts.path else parts.path
    return f"{scheme}://{parts.hostname}{port}{path}"
