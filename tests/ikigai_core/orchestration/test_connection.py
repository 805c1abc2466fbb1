"""A connection's fields mean the same in every orchestrator, contradict each other nowhere, and show no secret."""

from __future__ import annotations

import asyncio
import pickle
import threading
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import AsyncIkigai, Ikigai
from ikigai_core.errors import AccessRefusedError, ConfigurationError
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import ConnectionFields, UnusableFieldError

KEY = "a-key-that-nobody-may-see"
ANN = "ann-of-the-orchestrators@example.com"
TUTORIAL = ["Start Here (Tutorial)"]


@pytest.fixture(params=["sync", "async"])
def apps_of(request: pytest.FixtureRequest) -> Callable[[ConnectionFields], list[str]]:
    """Connect with one of the faces, and list the apps."""

    def list_them(connection: ConnectionFields) -> list[str]:
        with Ikigai(**connection.client_arguments()) as ikigai:
            return list(ikigai.apps())

    async def await_them(connection: ConnectionFields) -> list[str]:
        async with AsyncIkigai(**connection.client_arguments()) as ikigai:
            return list(await ikigai.apps())

    return list_them if request.param == "sync" else lambda connection: asyncio.run(await_them(connection))


def of_account(account: LocalAccount, **more: Any) -> ConnectionFields:
    given = {"user_email": account.user_email, "api_key": account.api_key, "base_url": account.url}
    return ConnectionFields(**{**given, **more})


# -- what is read ------------------------------------------------------------------------------------------------------


def test_the_texts_of_a_form_or_uri_are_read_as_what_they_mean() -> None:
    form = {
        "user_email": " bob@example.com ",
        "api_key": KEY,
        "base_url": "https://ikigai.example.com",
        "verify_tls": "False",
        "connect_timeout": "2.5",
        "call_timeout": "90",
        "processing_timeout": " 7200 ",
        "answer_limit": "1000000",
        "read_timeout": "",
        "proxy": None,
        "ca_bundle": "  ",
    }
    connection = ConnectionFields.read(form)
    assert connection == ConnectionFields(
        user_email="bob@example.com",
        api_key=KEY,
        base_url="https://ikigai.example.com",
        verify_tls=False,
        connect_timeout=2.5,
        call_timeout=90.0,
        processing_timeout=7200.0,
        answer_limit=1_000_000,
    )
    assert connection.client_arguments() == {
        "user_email": "bob@example.com",
        "api_key": KEY,
        "base_url": "https://ikigai.example.com",
        "ssl": False,
        "connect_timeout": 2.5,
        "call_timeout": 90.0,
        "processing_timeout": 7200.0,
        "answer_limit": 1_000_000,
    }


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"proxies": "x"}, "proxies", "proxies is not a field of a connection. Did you mean 'proxy'?"),
        ({"verify_tls": "maybe"}, "verify_tls", "verify_tls is 'maybe': give true or false."),
        ({"verify_tls": 1}, "verify_tls", "verify_tls is 1: give True or False."),
        ({"connect_timeout": "soon"}, "connect_timeout", "connect_timeout is 'soon': give a number of seconds."),
        ({"connect_timeout": "-1"}, "connect_timeout", "connect_timeout is -1.0: give a positive number of seconds."),
        ({"read_timeout": True}, "read_timeout", "read_timeout is True: give a positive number of seconds."),
        ({"read_timeout": "inf"}, "read_timeout", "read_timeout is inf: give a positive number of seconds."),
        ({"call_timeout": "soon"}, "call_timeout", "call_timeout is 'soon': give a number of seconds."),
        ({"processing_timeout": 0}, "processing_timeout", "processing_timeout is 0: give a positive number"),
        ({"answer_limit": "1.5"}, "answer_limit", "answer_limit is '1.5': give a whole number of bytes."),
        ({"answer_limit": 1.5}, "answer_limit", "answer_limit is 1.5: give a positive whole number of bytes."),
        ({"answer_limit": 0}, "answer_limit", "answer_limit is 0: give a positive whole number of bytes."),
        ({"user_email": 5}, "user_email", "user_email is 5: give a text."),
        ({"look_up_key": "x", "api_key": "k"}, "look_up_key", "look_up_key is 'x': give a function"),
    ],
)
def test_what_is_unusable_is_refused_by_its_name(given: dict[str, Any], field: str, text: str) -> None:
    with pytest.raises(UnusableFieldError) as caught:
        ConnectionFields.read(given)
    assert caught.value.field == field
    assert str(caught.value).startswith(text)
    assert str(caught.value) == f"{caught.value.field} {caught.value.reason}"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("field", "address", "advice"),
    [
        ("base_url", "ikigai.example.com", "'https://ikigai.example.com'"),
        ("base_url", "ikigai.example.com:8443/api", "'https://ikigai.example.com:8443/api'"),
        ("base_url", "localhost:8123", "'http://localhost:8123'"),
        ("proxy", "proxy.example.com:3128", "'http://proxy.example.com:3128'"),
        ("proxy", "bob:password@proxy.example.com:3128", "'http://proxy.example.com:3128'"),
        ("proxy", "squid//bob:password@here", "'http://squid'"),
    ],
)
def test_a_host_without_a_scheme_is_told_the_address_to_write(field: str, address: str, advice: str) -> None:
    with pytest.raises(UnusableFieldError) as caught:
        ConnectionFields(**{field: address})  # type: ignore[arg-type]
    assert str(caught.value) == f"{field} has no scheme: write {advice}."


@pytest.mark.parametrize("address", ["ftp://ikigai.example.com", "https://", "http://[::1", "http://host:port"])
def test_what_is_no_address_is_refused(address: str) -> None:
    for field in ("base_url", "proxy"):
        with pytest.raises(UnusableFieldError, match=f"{field} is not an address"):
            ConnectionFields(**{field: address})  # type: ignore[arg-type]


def test_an_address_with_credentials_is_refused_without_showing_them() -> None:
    with pytest.raises(UnusableFieldError, match="base_url holds credentials") as caught:
        ConnectionFields(base_url="https://bob:password@ikigai.example.com")
    assert "password" not in str(caught.value)


# -- what contradicts each other ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"client_key": "key.pem"}, "client_key is given without client_certificate"),
        ({"client_certificate": "c.pem", "verify_tls": False}, "client_certificate is given, and verify_tls is off"),
        ({"ca_bundle": "ca.pem", "verify_tls": False}, "ca_bundle is given, and verify_tls is off"),
        ({"api_key": KEY, "api_key_file": "key"}, "api_key_file is given, and so is the key itself"),
        ({"api_key_file": "key", "look_up_key": str}, "api_key_file is given, and so is the key itself"),
        ({"api_key": str, "look_up_key": str}, "look_up_key goes with the key as a text"),
        ({"look_up_key": str}, "look_up_key goes with the key as a text"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(UnusableFieldError, match=text):
        ConnectionFields(**given)


@pytest.mark.parametrize("field", ["ca_bundle", "client_certificate", "api_key_file"])
def test_a_file_is_looked_for_where_the_client_is_made(field: str, tmp_path: Path) -> None:
    connection = ConnectionFields(**{field: str(tmp_path / "there.pem")})  # type: ignore[arg-type]
    with pytest.raises(UnusableFieldError, match=rf"{field} is '.*there\.pem', which does not exist here"):
        connection.client_arguments()
    (tmp_path / "there.pem").write_text(KEY)
    assert connection.client_arguments()


def test_a_client_certificate_goes_with_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).touch()
    both = ConnectionFields(client_certificate="~/c.pem", client_key="~/k.pem")
    assert both.client_arguments()["ssl"] == (str(tmp_path / "c.pem"), str(tmp_path / "k.pem"))
    alone = ConnectionFields(client_certificate="~/c.pem")
    assert alone.client_arguments()["ssl"] == str(tmp_path / "c.pem")


# -- what is not shown -------------------------------------------------------------------------------------------------


def test_no_key_is_shown(tmp_path: Path) -> None:
    connection = ConnectionFields(user_email="bob@example.com", api_key=KEY, proxy=f"http://bob:{KEY}@proxy:3128")
    assert KEY not in repr(connection)
    assert "bob@example.com" in repr(connection)
    for unusable in ({"api_key": [KEY]}, {"api_key": KEY.encode()}, {"proxy": [KEY]}):
        with pytest.raises(UnusableFieldError) as caught:
            ConnectionFields.read(unusable)
        assert KEY not in "".join(traceback.format_exception(caught.value))

    def look_up() -> str:
        raise RuntimeError(KEY)

    key = ConnectionFields(api_key="known", look_up_key=look_up).client_arguments()["api_key"]
    assert key() == "known"
    with pytest.raises(ConfigurationError, match="look_up_key failed: RuntimeError") as failed:
        key()
    assert KEY not in str(failed.value)
    assert failed.value.__suppress_context__


def test_equal_connections_can_share_a_client() -> None:
    one, same = (ConnectionFields(api_key=KEY, look_up_key=lambda: KEY) for _ in range(2))
    assert {one: "client"}[same] == "client"
    assert one != ConnectionFields(api_key="another")


# -- what is connected -------------------------------------------------------------------------------------------------


def test_what_is_left_out_comes_from_the_environment(
    apps_of: Any, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ikigai_local.environ().items():
        monkeypatch.setenv(name, value)
    assert apps_of(ConnectionFields()) == TUTORIAL


@pytest.fixture
def ann(ikigai_local: LocalAccount) -> Iterator[str]:
    """The key of a user whose key is rotated."""
    yield ikigai_local.control.add_user(ANN)
    ikigai_local.control.remove_user(ANN)


@pytest.mark.parametrize("kept", ["file", "function", "look-up"])
def test_a_key_that_is_rotated_reaches_a_client_that_is_in_use(
    kept: str, ann: str, ikigai_local: LocalAccount, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{ann}\n")
    given: dict[str, Any] = {
        "file": {"api_key_file": str(file)},
        "function": {"api_key": lambda: file.read_text()},
        "look-up": {"api_key": ann, "look_up_key": lambda: file.read_text()},
    }[kept]
    connection = ConnectionFields(user_email=ANN, base_url=ikigai_local.url, **given)

    async def follow() -> None:
        async with AsyncIkigai(**connection.client_arguments()) as ikigai:
            await ikigai.apps()
            file.write_text(ikigai_local.control.rotate_key(ANN))
            await ikigai.apps()

    with Ikigai(**connection.client_arguments()) as ikigai:
        ikigai.apps()
        asyncio.run(follow())
        ikigai.apps()


def test_a_look_up_that_fails_leaves_what_the_platform_said(apps_of: Any, ann: str, ikigai_local: LocalAccount) -> None:
    def look_up() -> str:
        raise LookupError("nobody is there")

    ikigai_local.control.rotate_key(ANN)
    connection = ConnectionFields(user_email=ANN, api_key=ann, look_up_key=look_up, base_url=ikigai_local.url)
    with pytest.raises(AccessRefusedError):
        apps_of(connection)


class Proxy:
    """A small proxy that passes requests on, and notes them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked.append((self.path, self.headers.get("Proxy-Authorization")))
                headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy")}
                request = urllib.request.Request(self.path, headers=headers, method=self.command)
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
                    body = answer.read()
                    self.send_response(answer.status)
                    self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.server.shutdown()
    proxy.server.server_close()


def test_requests_go_through_the_proxy_that_is_named(apps_of: Any, proxy: Proxy, ikigai_local: LocalAccount) -> None:
    address = f"http://bob:password@127.0.0.1:{proxy.server.server_address[1]}"
    assert apps_of(of_account(ikigai_local)) == TUTORIAL
    assert proxy.asked == []
    assert apps_of(of_account(ikigai_local, proxy=address)) == TUTORIAL
    assert [path.split("?")[0] for path, _ in proxy.asked] == [f"{ikigai_local.url}/component/get-projects-for-user"]
    assert all(credentials for _, credentials in proxy.asked)
