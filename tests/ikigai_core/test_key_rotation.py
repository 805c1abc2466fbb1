"""A key that is replaced while a client is in use is picked up, where the configuration can tell of it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import App, AsyncIkigai, Ikigai, errors
from ikigai_core.local.account import LocalAccount

ANN = "rotating@example.com"
NEW_KEY = "a-new-key-that-nobody-may-see"


@pytest.fixture
def ann(ikigai_local: LocalAccount) -> Iterator[str]:
    """A user whose key can be rotated."""
    ikigai_local.control.add_user(ANN)
    yield ANN
    ikigai_local.control.remove_user(ANN)


Configured = Callable[[str, str], dict[str, Any]]


@pytest.fixture
def configured(ikigai_local: LocalAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Keep ann's key in one of the places that a client looks in; return the client's arguments."""
    monkeypatch.setenv("IKIGAI_CONFIG", str(tmp_path / "profiles.toml"))
    for name in ("IKIGAI_USER_EMAIL", "IKIGAI_API_KEY", "IKIGAI_BASE_URL", "IKIGAI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    fixed = {"user_email": ANN, "base_url": ikigai_local.url}

    def keep(where: str, key: str) -> dict[str, Any]:
        if where == "environment":
            monkeypatch.setenv("IKIGAI_API_KEY", key)
            return fixed
        if where == "profile":
            (tmp_path / "key").write_text(f"{key}\n")
            (tmp_path / "profiles.toml").write_text(f"[team]\napi_key_file = '{tmp_path}/key'\n")
            return {**fixed, "profile": "team"}
        (tmp_path / "vault").write_text(key)
        return {**fixed, "api_key": (tmp_path / "vault").read_text}

    return keep


def test_runs_that_are_followed_while_the_key_is_rotated_are_followed_to_their_end(
    ikigai_local: LocalAccount, ann: str, configured: Configured, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    old_key = ikigai_local.control.rotate_key(ann)
    sync_client = Ikigai(**configured("environment", old_key))
    async_client = AsyncIkigai(**configured("function", old_key))
    app = sync_client.app.new("Rotated").build()
    flows = [app.flow.new(f"Late {n}").build() for n in range(2)]
    for flow in flows:
        ikigai_local.control.outcome(flow=flow.flow_id, status="SUCCESS", duration=3)
    kept = [flow.start().to_dict() for flow in flows]
    ended: dict[str, str] = {}
    seen = {where: threading.Event() for where in ("environment", "function")}

    def follow() -> None:
        with sync_client as ikigai:
            run = ikigai.flow_run(kept[0])
            ended["environment"] = run.result(60, on_update=lambda _: seen["environment"].set()).status.value

    async def follow_async() -> None:
        async with async_client as ikigai:
            run = ikigai.flow_run(kept[1])
            ended["function"] = (await run.result(60, on_update=lambda _: seen["function"].set())).status.value

    threads = [threading.Thread(target=follow), threading.Thread(target=lambda: asyncio.run(follow_async()))]
    for thread in threads:
        thread.start()
    assert all(event.wait(30) for event in seen.values())
    for where in seen:
        configured(where, NEW_KEY)
    ikigai_local.control.rotate_key(ann, NEW_KEY)
    for thread in threads:
        thread.join(60)
    assert ended == {"environment": "SUCCESS", "function": "SUCCESS"}
    assert "A new key was found" in caplog.text
    assert NEW_KEY not in caplog.text and old_key not in caplog.text


def test_a_call_that_may_not_be_sent_twice_is_sent_again_with_the_new_key(
    ikigai_local: LocalAccount, ann: str, configured: Configured
) -> None:
    with Ikigai(**configured("profile", ikigai_local.control.rotate_key(ann))) as ikigai:
        app = ikigai.app.new("Rotated").build()
        new_key = ikigai_local.control.rotate_key(ann)
        with pytest.raises(errors.AccessRefusedError):
            app.dataset_directory.new("refused").build()
        configured("profile", new_key)
        assert app.dataset_directory.new("made").build().name == "made"
        assert list(app.dataset_directories()) == ["made"]


def test_a_key_of_another_user_or_platform_is_not_taken(
    ikigai_local: LocalAccount, ann: str, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = configured("environment", "an-old-key")
    monkeypatch.setenv("IKIGAI_USER_EMAIL", arguments.pop("user_email"))
    with Ikigai(**arguments) as ikigai:
        monkeypatch.setenv("IKIGAI_USER_EMAIL", "bob@example.com")
        monkeypatch.setenv("IKIGAI_API_KEY", ikigai_local.control.rotate_key(ann))
        with pytest.raises(errors.AccessRefusedError):
            ikigai.apps()


def test_a_key_that_is_given_as_text_stays(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app._client
    monkeypatch.setenv("IKIGAI_API_KEY", client._config.api_key)
    with (
        Ikigai(client.user_email, "another-key", client.base_url) as ikigai,
        pytest.raises(errors.AccessRefusedError),
    ):
        ikigai.apps()


def test_a_function_is_asked_at_the_first_request_and_what_it_gives_is_checked(app: App) -> None:
    asked = []

    def key() -> Any:
        asked.append(1)
        return app._client._config.api_key if len(asked) > 1 else None

    with Ikigai(app._client.user_email, key, app._client.base_url) as ikigai:
        assert asked == []
        with pytest.raises(errors.ConfigurationError, match="a function that gave NoneType instead of a key"):
            ikigai.apps()
        assert app.name in ikigai.apps()
        ikigai.apps()
        assert len(asked) == 2
