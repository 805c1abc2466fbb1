"""What a client is told is checked at once, and the key is never shown."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from ikigai_core import AsyncIkigai, Ikigai
from ikigai_core.config import Config
from ikigai_core.errors import ConfigurationError, MissingFileError
from ikigai_core.orchestration import ConnectionFields
from ikigai_core.profiles import SETTINGS

KEY = "a-key-that-nobody-may-see"


@pytest.fixture(autouse=True)
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a test may put profiles; nothing of the machine's own settings takes part."""
    for name in ("USER_EMAIL", "API_KEY", "API_KEY_FILE", "BASE_URL", "PROFILE"):
        monkeypatch.delenv(f"IKIGAI_{name}", raising=False)
    path = tmp_path / "profiles.toml"
    monkeypatch.setenv("IKIGAI_CONFIG", str(path))
    return path


@pytest.mark.parametrize("face", [Ikigai, AsyncIkigai])
def test_a_client_shows_user_and_platform_and_not_the_key(face: type[Ikigai] | type[AsyncIkigai]) -> None:
    client = face("bob@example.com", KEY, "http://127.0.0.1:9/")
    assert repr(client) == f"{face.__name__}(user_email='bob@example.com', base_url='http://127.0.0.1:9')"
    assert KEY not in repr(vars(client))


def test_what_is_not_given_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_USER_EMAIL", "bob@example.com")
    monkeypatch.setenv("IKIGAI_API_KEY", KEY)
    assert (Ikigai().user_email, Ikigai().base_url) == ("bob@example.com", "https://api.ikigailabs.io")
    monkeypatch.setenv("IKIGAI_BASE_URL", "http://127.0.0.1:9")
    assert Ikigai().base_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"user_email": None}, "IKIGAI_USER_EMAIL"),
        ({"api_key": None}, "IKIGAI_API_KEY"),
        ({"user_email": "bob"}, "not an email address"),
        ({"api_key": f"{KEY}\n{KEY}"}, "api_key holds characters"),
        ({"base_url": "api.ikigailabs.io"}, "base_url is 'api.ikigailabs.io'"),
        ({"base_url": f"https://bob:{KEY}@api.ikigailabs.io"}, "base_url holds credentials"),
        ({"base_url": "http://[::1"}, r"base_url is 'http://\[::1'"),
        ({"base_url": "http://127.0.0.1:port"}, "base_url is"),
        ({"proxy": f"http://bob:{KEY}@[::1"}, r"proxy is 'http://…@\[::1'"),
        ({"proxy": 3128}, "proxy is '3128'"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"read_timeout": True}, "read_timeout is True: expected a positive number of seconds"),
        ({"answer_limit": 1.5}, "answer_limit is 1.5: expected a whole number of bytes"),
        ({"ca_bundle": "/nowhere.pem"}, "'/nowhere.pem' does not exist"),
        ({"ca_bundle": 5}, "ca_bundle is 5: expected a path"),
        ({"ssl": "/nowhere.pem"}, "ssl '/nowhere.pem' does not exist"),
        ({"ssl": ("/nowhere.pem",)}, "ssl is .*: give True, False"),
    ],
)
def test_what_is_wrong_is_named_without_the_key(arguments: dict[str, object], says: str) -> None:
    given = {"user_email": "bob@example.com", "api_key": KEY, "base_url": "http://127.0.0.1:9", **arguments}
    with pytest.raises(ConfigurationError, match=says) as caught:
        Ikigai(**given)  # type: ignore[arg-type]
    assert KEY not in str(caught.value)


PROFILES = f"""
[default]
user_email = "default@example.com"
api_key = "{KEY}"

[staging]
user_email = "staging@example.com"
api_key_file = "KEY_FILE"
base_url = "http://127.0.0.1:9"
connect_timeout = 2.5
"""


def test_a_profile_fills_in_what_is_not_given(profiles: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    profiles.write_text(PROFILES.replace("KEY_FILE", str(tmp_path / "key")))
    staging = Ikigai(profile="staging")
    assert (staging.user_email, staging.base_url) == ("staging@example.com", "http://127.0.0.1:9")
    assert (staging._config.api_key, staging._config.connect_timeout) == (KEY, 2.5)
    assert Ikigai(user_email="bob@example.com", profile="staging").user_email == "bob@example.com"


def test_a_named_profile_wins_over_the_environment_which_wins_over_the_default_one(
    profiles: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(KEY)
    profiles.write_text(PROFILES.replace("KEY_FILE", str(tmp_path / "key")))
    assert Ikigai().user_email == "default@example.com"
    monkeypatch.setenv("IKIGAI_USER_EMAIL", "bob@example.com")
    assert Ikigai().user_email == "bob@example.com"
    assert Ikigai(profile="staging").user_email == "staging@example.com"
    monkeypatch.delenv("IKIGAI_USER_EMAIL")
    monkeypatch.setenv("IKIGAI_PROFILE", "staging")
    assert Ikigai().user_email == "staging@example.com"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (PROFILES, "'stagign'.*Did you mean 'staging'"),
        ("[stagign", "cannot be read"),
        (f"[stagign]\napi_kye = '{KEY}'", "unknown setting 'api_kye'. Did you mean 'api_key'"),
        ("[stagign]\nuser_email = 'b@example.com'\napi_key_file = '/nowhere'", "from /nowhere: No such file"),
    ],
)
def test_a_fault_in_the_profiles_is_named_without_the_key(profiles: Path, content: str, says: str) -> None:
    profiles.write_text(content)
    with pytest.raises(ConfigurationError, match=says) as caught:
        Ikigai(profile="stagign")
    assert KEY not in str(caught.value)


def test_a_key_file_of_the_environment_goes_before_the_key_there_and_after_what_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    monkeypatch.setenv("IKIGAI_USER_EMAIL", "bob@example.com")
    monkeypatch.setenv("IKIGAI_API_KEY", "another-key")
    monkeypatch.setenv("IKIGAI_API_KEY_FILE", str(file))

    def key(given: str | None = None) -> str:
        return Config.resolve(None, given, None).renewed().api_key

    assert key() == KEY
    file.write_text("the-next-key")
    assert key() == "the-next-key"
    assert key("given-key") == "given-key"
    monkeypatch.setenv("IKIGAI_API_KEY_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(MissingFileError, match="nowhere' does not exist"):
        Ikigai()


@pytest.mark.parametrize("face", [Ikigai, AsyncIkigai])
def test_clients_profiles_and_connections_have_the_same_settings(face: type[Ikigai] | type[AsyncIkigai]) -> None:
    taken = inspect.signature(face).parameters
    resolved = inspect.signature(Config.resolve).parameters
    assert {name: each.annotation for name, each in taken.items()} == {
        name: each.annotation for name, each in resolved.items()
    }
    assert set(SETTINGS) == set(taken) - {"ssl", "user_agent", "profile", "origin"} | {"api_key_file"}
    tls = {"verify_tls", "client_certificate", "client_key"}
    assert {each.name for each in fields(ConnectionFields)} == set(taken) - {"ssl", "profile"} | tls | {
        "api_key_file",
        "look_up_key",
    }
