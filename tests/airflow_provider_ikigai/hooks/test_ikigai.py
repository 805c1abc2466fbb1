"""Hooks hand out the core's client for a connection's user."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from airflow import __version__ as airflow_version
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import redact

from airflow_provider_ikigai import __version__
from airflow_provider_ikigai.connection import UnusableConnectionError
from airflow_provider_ikigai.hooks.ikigai import _SHARED, IkigaiAsyncHook, IkigaiHook
from ikigai_core.local.account import LocalAccount


def test_the_hook_gives_a_client_that_names_the_provider(app: str, requests_sent: Callable[[], dict[str, int]]) -> None:
    with IkigaiHook().get_conn() as ikigai:
        assert requests_sent() == {}
        assert app in ikigai.apps()
    assert list(requests_sent().values()) == [1]


def test_the_user_agent_names_the_provider_and_airflow() -> None:
    from airflow_provider_ikigai.connection import USER_AGENT

    assert f"airflow-provider-ikigai/{__version__} apache-airflow/{airflow_version}" == USER_AGENT


def test_the_async_hook_gives_an_async_client(app: str) -> None:
    async def apps() -> list[str]:
        async with await IkigaiAsyncHook().get_conn() as ikigai:
            return list(await ikigai.apps())

    assert app in asyncio.run(apps())


def test_the_connection_test_says_who_is_connected_to_what(ikigai_local: LocalAccount, app: str) -> None:
    works, message = IkigaiHook().test_connection()
    assert works
    assert ikigai_local.url in message
    assert ikigai_local.user_email in message
    assert ikigai_local.api_key not in message


def test_the_connection_test_says_what_is_wrong(connect: Callable[..., None], ikigai_local: LocalAccount) -> None:
    connect(password="quite-another-key")
    works, message = IkigaiHook().test_connection()
    assert not works
    assert ikigai_local.url in message
    assert ikigai_local.user_email in message
    assert "quite-another-key" not in message
    connect(login="")
    assert IkigaiHook().test_connection() == (
        False,
        "Connection 'ikigai_default' cannot be used: it has no login. Set it to the email of the platform's user.",
    )


def test_what_the_client_refuses_is_told_with_the_connections_name(connect: Callable[..., None]) -> None:
    connect(extra=json.dumps({"ca_bundle": "/nowhere/ca.pem"}))
    says = "'ikigai_default' cannot be used: its extra ca_bundle is '/nowhere/ca.pem', which does not exist here"
    with pytest.raises(UnusableConnectionError, match=says):
        IkigaiHook().get_conn()
    with pytest.raises(UnusableConnectionError, match=says):
        asyncio.run(IkigaiAsyncHook().get_conn())


def test_a_connection_that_is_not_there_is_named() -> None:
    with pytest.raises(AirflowNotFoundException, match="elsewhere"):
        IkigaiHook("elsewhere").get_conn()


@pytest.mark.parametrize("kept_in", ["the connection", "a file"])
def test_a_rotated_key_reaches_clients_that_are_open(
    connect: Callable[..., None], app: str, ikigai_local: LocalAccount, tmp_path: Path, kept_in: str
) -> None:
    file = tmp_path / "key"

    def keep(key: str) -> None:
        file.write_text(f"{key}\n")
        if kept_in == "the connection":
            connect(password=key)

    def rotate() -> None:
        keep(ikigai_local.control.rotate_key(ikigai_local.user_email))

    async def reached_by_all() -> None:
        async with IkigaiAsyncHook().shared_conn() as ikigai, IkigaiAsyncHook().shared_conn() as same:
            assert ikigai is same
            assert app in await ikigai.apps()
            await asyncio.to_thread(rotate)
            # More than Python has threads for them: whoever looks the key up is not kept waiting by the others.
            for apps in await asyncio.gather(*(ikigai.apps() for _ in range(50))):
                assert app in apps

    if kept_in == "a file":
        connect(password=None, extra=json.dumps({"api_key_file": str(file)}))
    keep(ikigai_local.api_key)
    with IkigaiHook().get_conn() as ikigai:
        assert app in ikigai.apps()
        rotate()
        assert app in ikigai.apps()
    asyncio.run(reached_by_all())


def test_a_forked_process_shares_no_client_with_its_parent(app: str) -> None:
    async def main() -> int:
        async with IkigaiAsyncHook().shared_conn() as ikigai:

            async def sees_the_app() -> bool:
                return app in await ikigai.apps()

            assert await sees_the_app()
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    # Airflow itself looks up no connection there: its threads are not in this process.
                    status = 2 if _SHARED else 0 if asyncio.run(sees_the_app()) else 3
                finally:
                    os._exit(status)
            _, status = await asyncio.to_thread(os.waitpid, pid, 0)
            assert await sees_the_app()
            return os.waitstatus_to_exitcode(status)

    assert asyncio.run(main()) == 0


def test_a_key_that_is_in_a_file_is_masked_from_then_on(
    connect: Callable[..., None], ikigai_local: LocalAccount, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(ikigai_local.api_key)
    connect(password=None, extra=json.dumps({"api_key_file": str(tmp_path / "key")}))
    said = f"The key is {ikigai_local.api_key}."
    assert redact(said) == said
    with IkigaiHook().get_conn() as ikigai:
        ikigai.apps()
    assert redact(said) == "The key is ***."
