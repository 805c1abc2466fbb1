from __future__ import annotations

import pytest

from ikigai_core.recordings.cleaning import Cleaner


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("by Ann+x@example.com", "by someone@example.com"),
        ("https://h/?u=ann%2Bx%40example.com&a=1", "https://h/?u=someone@example.com&a=1"),
        ("https://h/?u=ann+x%40example.com", "https://h/?u=someone@example.com"),
        ("postgres://ann:password@h/d", "postgres://h/d"),
        ("https://ghp_token@github.com/x", "https://github.com/x"),
        ("https://b.example/k?a=1&X-Amz-Signature=abc", "https://b.example/k"),
        ("https://example.com/@bob?mail=bob@example.com", "https://example.com/@bob?mail=bob@example.com"),
    ],
)
def test_what_says_who_the_user_is_and_what_opens_doors_is_left_out(text: str, cleaned: str) -> None:
    assert Cleaner("ann+x@example.com").text(text) == cleaned


def test_texts_whose_name_says_that_they_are_secret_are_hidden() -> None:
    given = {"password": "abc", "api_keys": ["abc", ""], "max_tokens": 5, "columns": ["abc"], "secret": ""}
    hidden = {"password": "***", "api_keys": ["***", ""], "max_tokens": 5, "columns": ["abc"], "secret": ""}
    assert Cleaner("ann@example.com").value(given) == hidden
