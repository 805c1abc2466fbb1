"""What a client is told is checked at once, and the key is never shown."""

from __future__ import annotations

import pytest

from ikigai_core import AsyncIkigai, Ikigai
from ikigai_core.errors import ConfigurationError

KEY = "a-key-that-nobody-may-see"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IKIGAI_USER_EMAIL", "IKIGAI_API_KEY", "IKIGAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


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
        ({"user_email": "bob"}, "no email address"),
        ({"api_key": f"{KEY}\n{KEY}"}, "api_key holds characters"),
        ({"base_url": "api.ikigailabs.io"}, "base_url is 'api.ikigailabs.io'"),
        ({"base_url": f"https://bob:{KEY}@api.ikigailabs.io"}, "base_url holds credentials"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"ca_bundle": "/nowhere.pem"}, "'/nowhere.pem' does not exist"),
    ],
)
def test_what_is_wrong_is_named_without_the_key(arguments: dict[str, object], says: str) -> None:
    given = {"user_email": "bob@example.com", "api_key": KEY, "base_url": "http://127.0.0.1:9", **arguments}
    with pytest.raises(ConfigurationError, match=says) as caught:
        Ikigai(**given)  # type: ignore[arg-type]
    assert KEY not in str(caught.value)
