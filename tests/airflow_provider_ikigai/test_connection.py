"""How a connection's fields become those of the core, which has the checks of their values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_provider_ikigai.connection import EXTRAS, USER_AGENT, UnusableConnectionError, connection_fields
from airflow_provider_ikigai.get_provider_info import get_provider_info
from ikigai_core import Ikigai
from ikigai_core.orchestration import ConnectionFields

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
        ({"host": "http://localhost", "port": 8100}, "http://localhost:8100"),
        ({"host": "http://localhost:8100", "port": 8100}, "http://localhost:8100"),
        ({"host": "ikigai.example.com", "schema": "https"}, "https://ikigai.example.com"),
        ({"host": "localhost", "schema": "http", "port": 8100}, "http://localhost:8100"),
    ],
)
def test_the_host_is_a_url_or_a_name(fields: dict[str, Any], base_url: str | None) -> None:
    assert connection_fields(connection(**fields)) == ConnectionFields(**PLAIN, base_url=base_url)


def test_a_connection_written_as_a_uri() -> None:
    uri = "ikigai://bob%40example.com:a-secret-key@localhost:8100/http?verify_tls=false&read_timeout=5"
    assert connection_fields(Connection.from_uri(uri, conn_id="platform")) == ConnectionFields(
        **PLAIN, base_url="http://localhost:8100", verify_tls=False, read_timeout=5.0
    )


def test_all_that_the_form_asks_for_besides_is_in_the_extra() -> None:
    assert set(get_provider_info()["connection-types"][0]["conn-fields"]) == set(EXTRAS)
    given: dict[str, Any] = {
        "verify_tls": True,
        "ca_bundle": "ca.pem",
        "client_certificate": "us.pem",
        "client_key": "us.key",
        "connect_timeout": 3,
        "read_timeout": "4.5",
        "call_timeout": 90,
        "processing_timeout": 7200.0,
        "answer_limit": 1_000_000,
        "proxy": "http://me:a-password@proxy:3128",
        "web_url": "https://ikigai.example.com",
    }
    expected = ConnectionFields(**{**PLAIN, **given, "read_timeout": 4.5})
    assert connection_fields(connection({**given, "api_key_file": ""})) == expected
    assert "a-password" not in repr(expected)


def test_the_key_may_be_in_a_file() -> None:
    fields = connection_fields(connection({"api_key_file": "key"}, password=None), look_up_key=str)
    assert (fields.api_key_file, fields.api_key, fields.look_up_key) == ("key", None, None)


@pytest.mark.parametrize(
    ("fields", "extra", "says"),
    [
        ({"login": None}, {}, "it has no login. Set it to the email"),
        ({"password": ""}, {}, "it has no password. Set it to the API key"),
        ({"host": "ftp://example.com"}, {}, "its host is not an address"),
        ({"host": "ikigai.example.com"}, {}, "its host has no scheme: write 'https://ikigai.example.com'"),
        ({"host": "localhost:8100"}, {}, "its host has no scheme: write 'http://localhost:8100'"),
        ({"host": "127.0.0.1", "port": 8100}, {}, "its host has no scheme: write 'http://127.0.0.1:8100'"),
        ({"conn_type": "http"}, {}, "it is of type 'http'. Name a connection of type 'ikigai' as ikigai_conn_id"),
        ({}, {"verify_tls": "perhaps"}, "its extra verify_tls is 'perhaps'"),
        ({}, {"read_timeout": "soon"}, "its extra read_timeout is 'soon'"),
        ({}, {"answer_limit": "50 MB"}, "its extra answer_limit is '50 MB': give a whole number of bytes"),
        ({}, {"verify_tls": False, "client_certificate": "us.pem"}, "its extra client_certificate is given, and verif"),
        ({}, {"client_key": "us.key"}, "its extra client_key is given without client_certificate"),
        ({}, {"api_key_file": "key"}, "its extra api_key_file is given, and so is the key itself"),
        ({}, {"verify_tsl": False}, "its extra has no field 'verify_tsl'. Did you mean 'verify_tls'"),
        ({}, {"api_key": "a-secret-key"}, "its extra has no field 'api_key'"),
    ],
)
def test_an_unusable_connection_is_named_with_the_field(
    fields: dict[str, Any], extra: dict[str, Any], says: str
) -> None:
    with pytest.raises(UnusableConnectionError, match=f"Connection 'platform' cannot be used: {says}") as caught:
        connection_fields(connection(extra, **fields))
    assert "a-secret-key" not in str(caught.value)


def test_without_a_password_the_environment_may_name_the_keys_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("IKIGAI_API_KEY_FILE", raising=False)
    with pytest.raises(UnusableConnectionError, match="IKIGAI_API_KEY_FILE"):
        connection_fields(connection(password=None))
    (tmp_path / "key").write_text("a-secret-key")
    monkeypatch.setenv("IKIGAI_API_KEY_FILE", str(tmp_path / "key"))
    with Ikigai(**connection_fields(connection(password=None)).client_arguments()) as client:
        assert client._config.renewed().api_key == "a-secret-key"
