"""The fields of a connection to the platform, with the same names and checks in every orchestrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from ikigai_core.errors import did_you_mean
from ikigai_core.orchestration.connection_checks import BYTES, SECONDS, UnusableFieldError, check_fields
from ikigai_core.orchestration.key_sources import KeyFile, RenewableKey
from ikigai_core.origin import Origin

_TRUTH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_FILES = ("api_key_file", "ca_bundle", "client_certificate", "client_key")
_NOT_ARGUMENTS = ("api_key_file", "look_up_key", "verify_tls", "client_certificate", "client_key")


@dataclass(frozen=True, kw_only=True)
class ConnectionFields:
    """The checked fields of a connection. Missing fields come from the environment or a profile, as for `Ikigai`.

    Attributes
    ----------
    user_email : str or None
        Email address of the platform's user.
    api_key : str, callable or None
        The user's key, or a function that returns the current key. Never shown.
    api_key_file : str or None
        Path of a file that contains only the key, instead of `api_key`. It is read again if the key is refused.
    look_up_key : callable or None
        Returns the key as it is stored now. Called if the platform refuses a key that was given as a string, so that
        long steps get a key that was rotated.
    base_url, web_url : str or None
        Address of the platform's API, and of its pages for people.
    proxy : str or None
        Address of a proxy for every request, with user and password if it needs them. Never shown.
    verify_tls : bool, default True
        False turns off the verification of the platform's certificate.
    ca_bundle : str or None
        Path of the certificates to trust instead of the system's.
    client_certificate, client_key : str or None
        Paths of a client certificate, and of its key if that is in another file.
    connect_timeout, read_timeout : float or None
        Time limits in seconds, for connecting and for waiting for bytes of a response. Default: 10 and 60.
    call_timeout, processing_timeout : float or None
        Time limits in seconds, for a request with its retries, and for the platform's work on data. Default: as for
        `Ikigai`.
    answer_limit : int or None
        Largest size of an answer in bytes, the data of datasets aside. Default: as for `Ikigai`.
    user_agent : str or None
        The adapter and its orchestrator, for example ``dagster-ikigai/0.1.0 dagster/1.12``.
    origin : callable or None
        Returns which task sends a request, as for `Ikigai`.

    Raises
    ------
    UnusableFieldError
        A field is unusable, or contradicts another one. `client_arguments` checks files, where tasks run.

    Examples
    --------
    >>> ConnectionFields(user_email="bob@example.com", api_key="my-ikigai-api-key").client_arguments()["ssl"]
    True
    """

    user_email: str | None = None
    api_key: str | Callable[[], str] | None = field(default=None, repr=False)
    api_key_file: str | None = None
    look_up_key: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    base_url: str | None = None
    web_url: str | None = None
    proxy: str | None = field(default=None, repr=False)
    verify_tls: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    call_timeout: float | None = None
    processing_timeout: float | None = None
    answer_limit: int | None = None
    user_agent: str | None = None
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_fields(self._given)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Read the fields of a form or a URI: numbers and truth values may be strings, blank values are ignored.

        Raises
        ------
        UnusableFieldError
            The field does not exist; or as for the constructor.
        """
        known = [each.name for each in fields(cls)]
        for name in given:
            if name not in known:
                raise UnusableFieldError(str(name), f"is not a field of a connection. {did_you_mean(name, known)}")
        return cls(**{name: _parsed(name, value) for name, value in given.items() if not _is_blank(value)})

    def client_arguments(self) -> dict[str, Any]:
        """The arguments for `Ikigai` and `AsyncIkigai`. Sends nothing.

        Raises
        ------
        UnusableFieldError
            A file does not exist.
        """
        given = {**self._given, **self._existing_files()}
        arguments = {name: value for name, value in given.items() if name not in _NOT_ARGUMENTS}
        if self.api_key_file is not None:
            arguments["api_key"] = KeyFile(given["api_key_file"])
        elif isinstance(self.api_key, str) and self.look_up_key is not None:
            arguments["api_key"] = RenewableKey(self.api_key, self.look_up_key)
        certificate, key = given.get("client_certificate"), given.get("client_key")
        arguments["ssl"] = self.verify_tls if certificate is None else (certificate, key) if key else certificate
        return arguments

    @property
    def _given(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def _existing_files(self) -> dict[str, str]:
        files = {name: Path(value).expanduser() for name, value in self._given.items() if name in _FILES}
        for name, path in files.items():
            if not path.exists():
                raise UnusableFieldError(name, f"is {str(path)!r}, which does not exist here.")
        return {name: str(path) for name, path in files.items()}


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _parsed(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return str(value) if isinstance(value, Path) else value
    if name == "verify_tls":
        if value.strip().lower() not in _TRUTH:
            raise UnusableFieldError(name, f"is {value!r}: give true or false.")
        return _TRUTH[value.strip().lower()]
    if name in SECONDS:
        try:
            return float(value)
        except ValueError:
            raise UnusableFieldError(name, f"is {value!r}: give a number of seconds.") from None
    if name in BYTES:
        try:
            return int(value)
        except ValueError:
            raise UnusableFieldError(name, f"is {value!r}: give a whole number of bytes.") from None
    return value.strip()
