"""How a connection's fields become the client's arguments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_provider_ikigai.connection import USER_AGENT, UnusableConnectionError, client_arguments

PLAIN = {"user_email": "bob@example.com", "api_key": "a-secret-key", "user_agent": USER_AGENT}


def connection(extra: dict[str, Any] | None = None, **fields: Any) -> Connection:
    given = {"conn_type": "ikigai", "login": "bob@example.com", "password": "a-secret-key", **fields}
    return Connection(conn_id="platform", extra=None if extra is None else json.dumps(extra), **given)


@pytest.mark.parametrize(
    ("fields", "base_url"),
    [
        ({}, None),
        ({"host": "https://ikigai.example.com"}, "https://ikigai.example.com"),
        ({"host": "http://localhost:8100"}, "http://localhost:8100"),
        ({"host": "ikigai.example.com"}, "https://ikigai.example.com"),
        ({"host": "localhost", "schema": "http", "port": 8100}, "http://localhost:8100"),
    ],
)
def test_the_host_is_a_url_or_a_name(fields: dict[str, Any], base_url: str | None) -> None:
    assert client_arguments(connection(**fields)) == {**PLAIN, "base_url": base_url}


def test_a_connection_written_as_a_uri() -> None:
    uri = "ikigai://bob%40example.com:a-secret-key@localhost:8100/http?verify_tls=false&read_timeout=5"
    assert client_arguments(Connection.from_uri(uri, conn_id="platform")) == {
        **PLAIN,
        "base_url": "http://localhost:8100",
        "ssl": False,
        "read_timeout": 5.0,
    }


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ({}, {}),
        ({"verify_tls": True, "ca_bundle": "", "client_certificate": None}, {}),
        ({"verify_tls": False}, {"ssl": False}),
        ({"ca_bundle": "ca.pem"}, {"ca_bundle": "ca.pem"}),
        ({"client_certificate": "us.pem"}, {"ssl": "us.pem"}),
        ({"client_certificate": "us.pem", "client_key": "us.key"}, {"ssl": ("us.pem", "us.key")}),
        ({"connect_timeout": 3, "read_timeout": "4.5"}, {"connect_timeout": 3.0, "read_timeout": 4.5}),
    ],
)
def test_tls_and_timeouts_are_in_the_extra(extra: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert client_arguments(connection(extra)) == {**PLAIN, "base_url": None, **arguments}


@pytest.mark.parametrize(
    ("fields", "extra", "says"),
    [
        ({"login": None}, {}, "has no login. Set it to the email"),
        ({"password": ""}, {}, "has no password. Set it to the API key"),
        ({}, {"verify_tls": "perhaps"}, "verify_tls is 'perhaps'"),
        ({}, {"read_timeout": "soon"}, "read_timeout is 'soon'"),
        ({}, {"verify_tls": False, "client_certificate": "us.pem"}, "needs verify_tls to be true"),
    ],
)
def test_an_unusable_connection_is_named_with_the_field(
    fields: dict[str, Any], extra: dict[str, Any], says: str
) -> None:
    with pytest.raises(UnusableConnectionError, match=f"Connection 'platform' cannot be used: .*{says}") as caught:
        client_arguments(connection(extra, **fields))
    assert "a-secret-key" not in str(caught.value)
