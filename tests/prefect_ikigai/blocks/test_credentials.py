"""The credentials block: what it stores, what it makes, how Prefect finds it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import prefect
import pytest
from prefect import flow
from pydantic import SecretStr, ValidationError

import prefect_ikigai
from ikigai_core import errors
from ikigai_core.local.control import LocalControl
from ikigai_core.orchestration import UnusableFieldError
from prefect_ikigai import IkigaiCredentials, aflow_status, flow_status

KEY = "a-key-that-no-one-may-see"


def block(**fields: Any) -> IkigaiCredentials:
    return IkigaiCredentials(**{"user_email": "bob@example.com", "api_key": KEY, **fields})


def test_clients_say_who_they_are(credentials: IkigaiCredentials, requests_sent: Callable[[], dict[str, Any]]) -> None:
    async def list_apps() -> None:
        async with credentials.get_async_client() as ikigai:
            await ikigai.apps()

    with credentials.get_client() as ikigai:
        ikigai.apps()
    asyncio.run(list_apps())
    agents = [agent for agent, calls in requests_sent()["by_agent"].items() if "/component/" in str(calls)]
    wanted = f"prefect-ikigai/{prefect_ikigai.__version__} prefect/{prefect.__version__} ikigai-core/"
    assert agents and all(agent.startswith(wanted) for agent in agents)


def test_limits_in_the_block_are_those_of_its_clients() -> None:
    limits: dict[str, Any] = {"call_timeout": 90.0, "processing_timeout": 7200.0, "answer_limit": 1_000_000}
    for client in (block(**limits).get_client(), block(**limits).get_async_client()):
        assert {name: getattr(client._config, name) for name in limits} == limits


def test_the_key_is_shown_nowhere() -> None:
    credentials = block()
    shown = [repr(credentials), str(credentials), credentials.model_dump_json(), repr(credentials.get_client())]
    assert KEY not in "".join(shown)
    assert "bob@example.com" in shown[0]


def test_a_saved_block_gives_its_key_to_flows_only(saved_credentials: IkigaiCredentials, prefect_server: Any) -> None:
    loaded = IkigaiCredentials.load("ikigai")
    assert loaded == saved_credentials
    document = prefect_server.client.read_block_document_by_name("ikigai", "ikigai-credentials", include_secrets=False)
    assert document.data["user_email"] == saved_credentials.user_email
    assert saved_credentials.api_key is not None
    assert saved_credentials.api_key.get_secret_value() not in document.model_dump_json()


def test_what_is_not_set_comes_from_environment_and_profile_where_the_task_runs(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    copy, profiles = make_flow(), tmp_path / "profiles.toml"
    assert credentials.api_key is not None
    key = credentials.api_key.get_secret_value()
    profiles.write_text(f'[default]\nuser_email = "{credentials.user_email}"\napi_key = "{key}"\n')
    IkigaiCredentials().save("nothing", overwrite=True)
    IkigaiCredentials(user_email="bob@example.com", api_key=SecretStr(KEY)).save("no-address", overwrite=True)

    @flow
    def look(name: str) -> str:
        return flow_status(IkigaiCredentials.load(name), app, copy.name).status.value

    # Nobody knows an address elsewhere: the public platform is not asked.
    monkeypatch.setenv("IKIGAI_CONFIG", str(tmp_path / "no-such-file"))
    with pytest.raises(errors.ConfigurationError, match="IKIGAI_USER_EMAIL"):
        look("nothing")
    monkeypatch.setenv("IKIGAI_BASE_URL", str(credentials.base_url))
    monkeypatch.setenv("IKIGAI_CONFIG", str(profiles))
    assert look("nothing") == "IDLE"
    # What is set counts.
    with pytest.raises(errors.AccessRefusedError, match=f"{credentials.base_url}.*bob@example.com"):
        look("no-address")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"api_key": ""}, "api_key"),
        ({"user_email": ""}, "user_email"),
        ({"api_key_file": "key.txt"}, "api_key_file is given, and so is the key itself"),
        ({"read_timeout": 0}, "read_timeout"),
        ({"call_timeout": -1}, "call_timeout"),
        ({"processing_timeout": 0}, "processing_timeout"),
        ({"answer_limit": 0}, "answer_limit"),
        ({"base_url": "ikigai.example"}, "base_url has no scheme: write 'https://ikigai.example'"),
        ({"proxy": f"gopher://bob:{KEY}@example.com"}, "proxy is not an address"),
        ({"client_key": "key.pem"}, "client_key is given without client_certificate"),
        ({"verify_tls": False, "client_certificate": "both.pem"}, "client_certificate is given, and verify_tls is off"),
    ],
)
def test_unusable_fields_are_refused_by_name(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint) as refusal:
        block(**fields)
    assert KEY not in str(refusal.value)


def test_a_key_that_is_rotated_in_the_saved_block_reaches_a_task_that_runs_already(
    saved_credentials: IkigaiCredentials, app: str, control: LocalControl
) -> None:
    block = IkigaiCredentials.load("ikigai")

    async def look_on() -> None:
        async with block.get_async_client() as ikigai:
            assert app in await ikigai.apps()
            await asyncio.to_thread(rotate)
            assert app in await ikigai.apps()

    def rotate() -> None:
        key = SecretStr(control.rotate_key(saved_credentials.user_email))
        saved_credentials.model_copy(update={"api_key": key}).save("ikigai", overwrite=True)

    with block.get_client() as ikigai:
        assert app in ikigai.apps()
        rotate()
        assert app in ikigai.apps()
    asyncio.run(look_on())


def test_a_key_in_a_file_is_read_where_the_task_runs(credentials: IkigaiCredentials, app: str, tmp_path: Path) -> None:
    file, pages = tmp_path / "key.txt", "https://pages.example.com"
    named = IkigaiCredentials(
        user_email=credentials.user_email, api_key_file=str(file), base_url=credentials.base_url, web_url=pages
    )
    with pytest.raises(UnusableFieldError, match="api_key_file is .* which does not exist here"):
        named.get_client()
    assert credentials.api_key is not None
    file.write_text(credentials.api_key.get_secret_value() + "\n")
    with named.get_client() as ikigai:
        assert str(ikigai.apps[app].web_url).startswith(pages)
    # Also if the saved block had the key itself when the task began.
    block(user_email=credentials.user_email, base_url=credentials.base_url).save("moving", overwrite=True)
    loaded = IkigaiCredentials.load("moving")
    named.save("moving", overwrite=True)
    with loaded.get_client() as ikigai:
        assert app in ikigai.apps()


def test_requests_go_through_the_proxy_that_a_saved_block_names(credentials: IkigaiCredentials) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    block(base_url=credentials.base_url, proxy=f"http://bob:{KEY}@127.0.0.1:{port}").save("proxied", overwrite=True)
    loaded = IkigaiCredentials.load("proxied")
    assert KEY not in repr(loaded)
    with loaded.get_client() as ikigai, pytest.raises(errors.ConnectionFailedError) as refusal:
        ikigai.apps()
    assert KEY not in "".join(traceback.format_exception(refusal.value))


def test_a_wrong_key_fails_once_with_an_error_that_names_url_and_user(
    credentials: IkigaiCredentials, app: str, requests_sent: Callable[[], dict[str, Any]]
) -> None:
    wrong = block(base_url=credentials.base_url)

    @flow
    def look() -> None:
        flow_status(wrong, app, "Any flow")

    @flow
    async def alook() -> None:
        await aflow_status(wrong, app, "Any flow")

    def alook_to_the_end() -> None:
        asyncio.run(alook())

    for run in (look, alook_to_the_end):
        with pytest.raises(errors.AccessRefusedError) as refusal:
            run()
        assert str(credentials.base_url) in str(refusal.value)
        assert "bob@example.com" in str(refusal.value)
        assert KEY not in "".join(traceback.format_exception(refusal.value))
    assert requests_sent()["total"] <= 2


def test_the_cli_registers_the_block_types(prefect_server: Any) -> None:
    registered = prefect_server.cli("block", "register", "-m", "prefect_ikigai")
    for name in ("Credentials", "Flow", "Dataset"):
        assert f"Ikigai {name}" in registered
        kind = prefect_server.client.read_block_type_by_slug(f"ikigai-{name.lower()}")
        assert kind.logo_url and kind.documentation_url and kind.description and kind.code_example


def test_prefect_finds_the_package_as_a_collection() -> None:
    from prefect.plugins import load_prefect_collections

    assert load_prefect_collections()["prefect_ikigai"] is prefect_ikigai


def test_importing_the_package_is_light() -> None:
    code = """
import prefect, sys, time
prefect.flow  # which some releases load only now
before, began = set(sys.modules), time.process_time()
import prefect_ikigai
print(time.process_time() - began, *sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
    seconds = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        taken, *modules = done.stdout.split()
        seconds.append(float(taken))
        if seconds[-1] < 0.15:
            break
    assert min(seconds) < 0.15
    assert "prefect_ikigai" in modules
    assert not {"pandas", "pyarrow", "numpy", "requests", "httpx", "yaml", "tenacity"} & set(modules)
