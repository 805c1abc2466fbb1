"""How an Airflow connection of type ``ikigai`` is read: its fields, turned into the client's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow import __version__ as airflow_version
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai import __version__

if TYPE_CHECKING:
    from airflow.sdk import Connection

USER_AGENT = f"airflow-provider-ikigai/{__version__} apache-airflow/{airflow_version}"

_TIMEOUTS = ("connect_timeout", "read_timeout")
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class UnusableConnectionError(AirflowFailException):
    """A connection lacks something or holds something unusable; the same task would fail again."""

    def __init__(self, conn_id: str, reason: str) -> None:
        super().__init__(f"Connection {conn_id!r} cannot be used: {reason}")


def client_arguments(connection: Connection) -> dict[str, Any]:
    """Read a connection.

    Parameters
    ----------
    connection : Connection
        Its login is the user's email, its password the API key, its host the base URL (or a host name, with schema and
        port beside it, as a connection written as a URI has it); TLS, timeouts and the web address are in its extra.

    Returns
    -------
    dict
        Arguments of `ikigai_core.Ikigai` and `ikigai_core.AsyncIkigai`.

    Raises
    ------
    UnusableConnectionError
        Naming the connection and the field. No value of a secret field is shown.
    """
    if not connection.login:
        raise UnusableConnectionError(
            connection.conn_id, "it has no login. Set it to the email of the platform's user."
        )
    if not connection.password:
        raise UnusableConnectionError(
            connection.conn_id, "it has no password. Set it to the API key of the platform's user."
        )
    extra = connection.extra_dejson
    return {
        "user_email": connection.login,
        "api_key": connection.password,
        "base_url": _base_url(connection),
        "user_agent": USER_AGENT,
        **_tls(connection.conn_id, extra),
        **{name: extra[name] for name in ("web_url",) if _is_set(extra, name)},
        **{name: _seconds(connection.conn_id, name, extra[name]) for name in _TIMEOUTS if _is_set(extra, name)},
    }


def _base_url(connection: Connection) -> str | None:
    host = connection.host
    if not host or "://" in host:
        return host or None
    port = f":{connection.port}" if connection.port else ""
    return f"{connection.schema or 'https'}://{host}{port}"


def _tls(conn_id: str, extra: dict[str, Any]) -> dict[str, Any]:
    verify = _truth(conn_id, "verify_tls", extra["verify_tls"]) if _is_set(extra, "verify_tls") else True
    arguments: dict[str, Any] = {}
    if _is_set(extra, "client_certificate"):
        if not verify:
            raise UnusableConnectionError(conn_id, "a client certificate needs verify_tls to be true.")
        key = extra.get("client_key")
        arguments["ssl"] = (extra["client_certificate"], key) if key else extra["client_certificate"]
    elif not verify:
        arguments["ssl"] = False
    if _is_set(extra, "ca_bundle"):
        arguments["ca_bundle"] = extra["ca_bundle"]
    return arguments


def _is_set(extra: dict[str, Any], name: str) -> bool:
    return extra.get(name) not in (None, "")


def _truth(conn_id: str, name: str, value: Any) -> bool:
    try:
        return _TRUTH[str(value).lower()]
    except KeyError:
        raise UnusableConnectionError(conn_id, f"{name} is {value!r}. Set it to true or false.") from None


def _seconds(conn_id: str, name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UnusableConnectionError(conn_id, f"{name} is {value!r}. Set it to a number of seconds.") from None
