"""Checks of the client's settings. Each raises `ConfigurationError`, and no message shows a key or a password."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from ikigai_core.errors import ConfigurationError
from ikigai_core.web_urls import PLATFORM_API


def check_email(value: str) -> str:
    """The value if it is an email address."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ConfigurationError(f"user_email is {value!r}, which is not an email address.")
    return value


def called_key(key: object) -> str:
    """The key that a function of the user's gave."""
    if not isinstance(key, str) or not key.strip():
        gave = "a blank text" if isinstance(key, str) else type(key).__name__
        raise ConfigurationError(f"api_key is a function that gave {gave} instead of a key.")
    return key.strip()


def check_key(value: str) -> str:
    """The value if it can be sent as a key."""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError("api_key holds characters that no key has (spaces, line ends or beyond ASCII).")
    return value


def check_base_url(value: str) -> str:
    """The platform's address without a trailing slash."""
    parts = web_address(value)
    if parts is None:
        raise ConfigurationError(f"base_url is {without_password(value)!r}: expected something like {PLATFORM_API}.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "base_url holds credentials, a query or a fragment: give the plain address, and the key as api_key."
        )
    return value.strip().rstrip("/")


def check_proxy(value: object) -> str | None:
    """The value if it is an address of a proxy, or None."""
    if value is None:
        return None
    if web_address(str(value)) is None:
        raise ConfigurationError(
            f"proxy is {without_password(str(value))!r}: expected something like http://proxy.example.com:3128."
        )
    return str(value)


def web_address(value: str) -> SplitResult | None:
    """The parts of an address that begins with http or https; None for other texts."""
    try:
        parts = urlsplit(value.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def without_password(url: str) -> str:
    """A URL that may be shown."""
    return re.sub(r"//[^@/]*@", "//…@", url.split("?")[0])


def check_ca_bundle(path: object) -> str | None:
    """The path as a text if it exists, or None."""
    return None if path is None else _existing("ca_bundle", path)


def check_ssl(value: object) -> bool | str | tuple[str, str]:
    """The value if it is True, False, the path of a client certificate, or a pair of paths."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | Path):
        return _existing("ssl", value)
    if isinstance(value, Sequence) and len(value) == 2:
        return _existing("ssl", value[0]), _existing("ssl", value[1])
    raise ConfigurationError(
        f"ssl is {value!r}: give True, False, the path of a client certificate, or a pair of paths (certificate, key)."
    )


def _existing(name: str, path: object) -> str:
    if not isinstance(path, str | Path):
        raise ConfigurationError(f"{name} is {path!r}: expected a path.")
    if not Path(path).exists():
        raise ConfigurationError(f"{name} {str(path)!r} does not exist.")
    return str(path)


def check_positive(name: str, number: object, unit: str = "seconds") -> float:
    """The number if it is positive and finite. True is not a number."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < inf:
        raise ConfigurationError(f"{name} is {number!r}: expected a positive number of {unit}.")
    return float(number)


def check_count(name: str, number: object, unit: str) -> int:
    """The number if it is positive and whole."""
    if not check_positive(name, number, unit).is_integer():
        raise ConfigurationError(f"{name} is {number!r}: expected a whole number of {unit}.")
    return int(check_positive(name, number, unit))
