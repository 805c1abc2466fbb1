"""The client's settings: the user, the platform's address, the timeouts."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ikigai_core._version import __version__
from ikigai_core.config_checks import (
    called_key,
    check_base_url,
    check_ca_bundle,
    check_count,
    check_email,
    check_key,
    check_positive,
    check_proxy,
    check_ssl,
    without_password,
)
from ikigai_core.errors import ConfigurationError
from ikigai_core.origin import Origin, origin_header
from ikigai_core.profiles import KEY_FILE_VARIABLE, PROFILE_VARIABLE, load_profile, read_key_file
from ikigai_core.redaction import hide_key
from ikigai_core.web_urls import PLATFORM_API, WebPages

DEFAULT_BASE_URL = PLATFORM_API
DEFAULT_CONNECT_TIMEOUT = 10.0
DEFAULT_READ_TIMEOUT = 60.0
DEFAULT_CALL_TIMEOUT = 120.0
DEFAULT_PROCESSING_TIMEOUT = 3600.0
DEFAULT_ANSWER_LIMIT = 50_000_000

_VARIABLES = {
    "user_email": "IKIGAI_USER_EMAIL",
    "api_key": "IKIGAI_API_KEY",
    "base_url": "IKIGAI_BASE_URL",
    "web_url": "IKIGAI_WEB_URL",
}
_NUMBERS = {
    "call_timeout": "IKIGAI_CALL_TIMEOUT",
    "processing_timeout": "IKIGAI_PROCESSING_TIMEOUT",
    "answer_limit": "IKIGAI_ANSWER_LIMIT",
}

# The HTTP libraries treat these variables differently. Here both clients treat them the same.
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    **{name: (variable,) for name, variable in (_VARIABLES | _NUMBERS).items()},
    "api_key_file": (KEY_FILE_VARIABLE,),
    "ca_bundle": _CERTIFICATE_VARIABLES,
    "profile": (PROFILE_VARIABLE,),
}
"""The environment variables of each setting that has some, the first one first."""

ApiKey = str | Callable[[], str]
"""A key, or a function that returns the current key."""

TlsConfig = bool | str | tuple[str, str]


@dataclass(frozen=True)
class Config:
    """A client's settings, checked.

    Attributes
    ----------
    user_email : str
    api_key : str
        Never shown by ``repr``. Blank until `look_up_key` has been called.
    base_url : str
        Without a trailing slash.
    ssl : bool, str or (str, str)
        False turns off verification. A path, or a pair (certificate, key), is a *client* certificate.
    ca_bundle : str or None
        Path of the certificates to trust instead of the system's.
    connect_timeout, read_timeout : float
        Seconds to connect, and to wait for the next bytes of an answer.
    call_timeout : float
        Seconds that a request may take in total, with its retries. A part of a transfer may take longer if at least
        64 KiB of it arrive in each such period.
    processing_timeout : float
        Seconds that the platform may take to check an upload, or to prepare a download.
    answer_limit : int
        Maximum size of an answer in bytes. It does not apply to the data of datasets.
    proxy : str or None
        Address of a proxy for every request. None leaves it to ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``.
    user_agent : str
    web_url : str or None
        Address of the platform's pages for people, or a template of it (see `ikigai_core.web_urls`).
    look_up_key : callable, optional
        Returns the key as it is configured now. Without it, the key cannot change.
    profile : str or None
        Name of the profile that was asked for.
    origin : callable, optional
        Returns which task sends a request, for the header of that name.
    """

    user_email: str
    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    ssl: TlsConfig = True
    ca_bundle: str | None = None
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT
    read_timeout: float = DEFAULT_READ_TIMEOUT
    call_timeout: float = DEFAULT_CALL_TIMEOUT
    processing_timeout: float = DEFAULT_PROCESSING_TIMEOUT
    answer_limit: int = DEFAULT_ANSWER_LIMIT
    proxy: str | None = field(default=None, repr=False)
    user_agent: str = ""
    web_url: str | None = None
    look_up_key: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    profile: str | None = field(default=None, repr=False, compare=False)
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        hide_key(self.api_key)

    @classmethod
    def resolve(
        cls,
        user_email: str | None,
        api_key: ApiKey | None,
        base_url: str | None,
        *,
        ssl: TlsConfig = True,
        ca_bundle: str | Path | None = None,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
        call_timeout: float | None = None,
        processing_timeout: float | None = None,
        answer_limit: int | None = None,
        proxy: str | None = None,
        user_agent: str | None = None,
        web_url: str | None = None,
        profile: str | None = None,
        origin: Origin | None = None,
    ) -> Config:
        """Fill in settings that are not given, and check all of them.

        Order of priority: the arguments; a profile that is named here; the environment; the profile that the
        environment names, or the default one.

        Raises
        ------
        ConfigurationError
            A setting is missing or unusable. The message does not show the key.
        """
        given = {
            "user_email": user_email,
            "api_key": api_key,
            "base_url": base_url,
            "ca_bundle": ca_bundle,
            "connect_timeout": connect_timeout,
            "read_timeout": read_timeout,
            "call_timeout": call_timeout,
            "processing_timeout": processing_timeout,
            "answer_limit": answer_limit,
            "proxy": proxy,
            "web_url": web_url,
        }
        settings = _settings(given, profile)
        user, base_url = check_email(_required("user_email", settings)), _base_url(settings)
        key = settings.get("api_key")
        configured = partial(_configured_key, given, profile, user, base_url)
        return cls(
            user_email=user,
            api_key="" if callable(key) else check_key(_required("api_key", settings)),
            look_up_key=key if callable(key) else None if api_key else configured,
            base_url=base_url,
            ssl=check_ssl(ssl),
            ca_bundle=check_ca_bundle(settings.get("ca_bundle")),
            connect_timeout=check_positive("connect_timeout", settings.get("connect_timeout", DEFAULT_CONNECT_TIMEOUT)),
            read_timeout=check_positive(
                "read_timeout", read_timeout := settings.get("read_timeout", DEFAULT_READ_TIMEOUT)
            ),
            call_timeout=check_positive(
                "call_timeout", settings.get("call_timeout", max(DEFAULT_CALL_TIMEOUT, 2 * read_timeout))
            ),
            processing_timeout=check_positive(
                "processing_timeout", settings.get("processing_timeout", DEFAULT_PROCESSING_TIMEOUT)
            ),
            answer_limit=check_count("answer_limit", settings.get("answer_limit", DEFAULT_ANSWER_LIMIT), "bytes"),
            proxy=check_proxy(settings.get("proxy")),
            user_agent=_agent(user_agent),
            web_url=WebPages.of(base_url, settings.get("web_url")).address,
            profile=profile,
            origin=origin,
        )

    def __getstate__(self) -> dict[str, Any]:
        # A function that returns the key may hold it. A proxy's address may hold a password.
        proxy = self.proxy if self.proxy == without_password(self.proxy or "") else None
        return {**vars(self), "api_key": "", "look_up_key": None, "proxy": proxy}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        vars(self)["look_up_key"] = partial(_key_here, self)

    @property
    def pages(self) -> WebPages:
        """The addresses of the platform's pages."""
        return WebPages(self.web_url)

    def renewed(self) -> Config:
        """The same settings with the key as it is configured now. Reads files, or calls the user's function.

        Raises
        ------
        ConfigurationError
            There is no key any more, or it is unusable.
        """
        return self if self.look_up_key is None else replace(self, api_key=check_key(called_key(self.look_up_key())))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request to the platform, credentials included."""
        return {"user": self.user_email, "api-key": self.api_key, **self.public_headers, **origin_header(self.origin)}

    @property
    def public_headers(self) -> dict[str, str]:
        """The headers that may go to signed URLs too."""
        return {"User-Agent": self.user_agent}


def _settings(given: Mapping[str, Any], profile: str | None) -> dict[str, Any]:
    named = load_profile(profile) if profile else {}
    environment = _environment(with_key=not (given.get("api_key") or named.get("api_key")))
    layers = [given, named, environment] if profile else [given, environment, load_profile(None)]
    return {name: value for layer in reversed(layers) for name, value in layer.items() if value is not None}


def _configured_key(given: Mapping[str, Any], profile: str | None, user_email: str, base_url: str) -> str:
    settings = _settings(given, profile)
    if (settings.get("user_email"), _base_url(settings)) != (user_email, base_url):
        # This key belongs to another user or platform. It must not be sent to this platform.
        raise ConfigurationError(f"The configuration is no longer that of {user_email} at {base_url}.")
    return _required("api_key", settings)


def _key_here(config: Config) -> str:
    """The key of settings that came from another process without one."""
    settings = _settings({}, config.profile)
    here = settings.get("user_email", config.user_email), _base_url({"base_url": config.base_url, **settings})
    if not settings.get("api_key") or here != (config.user_email, config.base_url):
        raise ConfigurationError(
            f"A pickled client holds no key, and there is none of {config.user_email} at {config.base_url} here: set "
            f"{_VARIABLES['user_email']}, {_VARIABLES['api_key']} and {_VARIABLES['base_url']}, name a profile before "
            "pickling, or make a client here."
        )
    return _required("api_key", settings)


def _environment(*, with_key: bool) -> dict[str, Any]:
    found: dict[str, Any] = {name: os.environ.get(variable) or None for name, variable in _VARIABLES.items()}
    found |= {name: _number(variable) for name, variable in _NUMBERS.items()}
    file = os.environ.get(KEY_FILE_VARIABLE)
    if with_key and file:
        found["api_key"] = read_key_file(file)
    return {**found, "ca_bundle": next(filter(None, map(os.environ.get, _CERTIFICATE_VARIABLES)), None)}


def _number(variable: str) -> float | None:
    given = os.environ.get(variable)
    try:
        return float(given) if given else None
    except ValueError:
        raise ConfigurationError(f"{variable} is {given!r}: expected a number.") from None


def _required(name: str, settings: Mapping[str, Any]) -> str:
    found = str(settings.get(name, "")).strip()
    if not found:
        raise ConfigurationError(
            f"No {name}: pass {name}=…, set the environment variable {_VARIABLES[name]}{_or_file(name)}, "
            "or name a profile."
        )
    return found


def _or_file(name: str) -> str:
    return f" or {KEY_FILE_VARIABLE}" if name == "api_key" else ""


def _base_url(settings: Mapping[str, Any]) -> str:
    return check_base_url(str(settings.get("base_url", DEFAULT_BASE_URL)))


def _agent(prefix: str | None) -> str:
    own = f"ikigai-core/{__version__} python/{platform.python_version()}"
    return f"{prefix} {own}" if prefix else own
