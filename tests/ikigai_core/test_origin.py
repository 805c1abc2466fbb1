"""The header that says which task sends a request."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from ikigai_core.origin import ORIGIN_HEADER, origin_header


@pytest.mark.parametrize("task", [None, dict, lambda: {"dag": None, "url": ""}])
def test_outside_of_a_task_there_is_no_header(task: object) -> None:
    assert origin_header(task) == {}  # type: ignore[arg-type]


def test_any_text_is_safe_in_the_header_and_a_url_is_whole_or_left_out() -> None:
    def header(url: str) -> str:
        return origin_header(lambda: {"dag": "naïve\r\nX: y" + "g" * 1_000, "url": url})[ORIGIN_HEADER]

    kept = header("https://airflow.example.com/?a=b&c")
    assert kept.isascii()
    assert kept.isprintable()
    names = dict(parse_qsl(kept))
    assert names["dag"].startswith("naïve\r\nX: yggg")
    assert len(names["dag"]) == 200
    assert names["url"] == "https://airflow.example.com/?a=b&c"
    assert set(dict(parse_qsl(header("https://example.com/" + "a" * 500)))) == {"dag"}
