"""Reads an Airflow connection of type ``ikigai`` into the fields that all orchestrators' connections share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from airflow import __version__ as airflow_version
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai import __version__
from ikigai_core.errors import ConfigurationError, did_you_mean
from ikigai_core.orchestration import ConnectionFields, UnusableFieldError

if TYPE_CHECKING:
    from airflow.sdk import Connection

USER_AGENT = f"airflow-provider-ikigai/{__version__} apache-airflow/{airflow_version}"

CONN_TYPE = "ikigai"

EXTRAS = (
    "verify_tls",
    "ca_bundle",
    "client_certificate",
    "client_key",
    "connect_timeout",
    "read_timeout",
    "call_timeout",
    "processing_timeout",
    "answer_limit",
    "proxy",
    "web_url",
    "api_key_file",
)
"""The fields that are in a connection's extra."""

_CALLED = {"user_email": "login", "api_key": "password", "base_url": "host"}


class UnusableConnectionError(AirflowFailException):
    """A field of a connection is missing or unusable. A retry of the task would fail again."""

    def __init__(self, conn_id: str, reason: str) -> None:
        super().__init__(f"Connection {conn_id!r} cannot be used: {reason}")


def connection_fields(connection: Connection, look_up_key: Callable[[], str] | None = None) -> ConnectionFields:
    """Read a connection.

    Parameters
    ----------
    connection : Connection
        Its login is the user's email, its password the API key, its host the base URL (or a host name, with schema and
        port beside it, as a connection written as a URI has it); the rest is in its extra.
    look_up_key : callable, optional
        Returns the current password. Called if the platform refuses the one that was read.

    Raises
    ------
    UnusableConnectionError
        The message names the connection and the field. It shows no value of a secret field.
    """
    conn_id, extra = connection.conn_id, connection.extra_dejson
    if connection.conn_type != CONN_TYPE:
        remedy = f"Name a connection of type {CONN_TYPE!r} as ikigai_conn_id."
        raise UnusableConnectionError(conn_id, f"it is of type {connection.conn_type!r}. {remedy}")
    for name in extra:
        if name not in EXTRAS:
            raise UnusableConnectionError(conn_id, f"its extra has no field {name!r}. {did_you_mean(name, EXTRAS)}")
    if not connection.login:
        raise UnusableConnectionError(conn_id, "it has no login. Set it to the email of the platform's user.")
    if not (connection.password or extra.get("api_key_file") or os.environ.get("IKIGAI_API_KEY_FILE")):
        raise UnusableConnectionError(
            conn_id,
            "it has no password. Set it to the API key of the platform's user, or the extra api_key_file to the path "
            "of a file that holds the key, or name that file in IKIGAI_API_KEY_FILE.",
        )
    own = {"user_email": connection.login, "api_key": connection.password, "base_url": _base_url(connection)}
    renewing = {"look_up_key": look_up_key if connection.password else None}
    with naming_the_connection(conn_id):
        return ConnectionFields.read({**extra, **own, **renewing, "user_agent": USER_AGENT, "origin": task_origin})


def task_origin() -> dict[str, str | None]:
    """Return the task that runs in this process, for the header of each request; empty outside of a task."""
    try:
        task = get_current_context()["ti"]
    except RuntimeError:
        return {}
    return {
        "orchestrator": "airflow",
        "dag": task.dag_id,
        "task": task.task_id,
        "run": task.run_id,
        "url": getattr(task, "log_url", None),
    }


@contextmanager
def naming_the_connection(conn_id: str) -> Iterator[None]:
    """Name the connection and the field in errors about unusable fields.

    Raises
    ------
    UnusableConnectionError
    """
    try:
        yield
    except UnusableFieldError as error:
        called = _CALLED.get(error.field) or f"extra {error.field}"
        raise UnusableConnectionError(conn_id, f"its {called} {error.reason}") from None
    except ConfigurationError as error:
        raise UnusableConnectionError(conn_id, str(error)) from None


def _base_url(connection: Connection) -> str | None:
    host = connection.host
    if not host:
        return None
    port = f":{connection.port}" if connection.port else ""
    if "://" in host:
        parts = urlsplit(host)
        return host if re.search(r":\d+$", parts.netloc) else urlunsplit(parts._replace(netloc=parts.netloc + port))
    # Without a scheme, the core refuses the address and suggests the correct one.
    return f"{connection.schema}://{host}{port}" if connection.schema else f"{host}{port}"
