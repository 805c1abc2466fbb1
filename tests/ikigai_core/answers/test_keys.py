"""A key is in no error and in no log, even if the platform repeats a request's headers in its answer."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from ikigai_core import errors
from ikigai_core.redaction import hide_key, redacted

from .canned_platform import RUN_LOG, CannedPlatform, Reply
from .operations import app_of, got
from .showing import everything
from .spoiling import ECHO, KEY

APP = "/component/get-project"
HEADERS = json.dumps({"headers": {"api-key": KEY}}).encode()
FAILED = {"log_id": "L9", **RUN_LOG, "status": "FAILED", "message": ECHO, "erroneous_facet_id": KEY}


def body(content: Any) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, body=json.dumps(content).encode())


async def look(ikigai: Any, folder: Path) -> None:
    await app_of(ikigai)


async def run(ikigai: Any, folder: Path) -> None:
    flow = await got((await app_of(ikigai)).flows["flow"])
    await got((await got(flow.start())).result(timeout=60))


@pytest.mark.parametrize(
    ("operation", "path", "how", "kind"),
    [
        (look, APP, lambda reply: Reply(403, {"X-Request-Id": KEY}, ECHO.encode()), errors.AccessRefusedError),
        (
            look,
            APP,
            lambda reply: Reply(500, {}, json.dumps({"headers": {"api-key": KEY}}).encode()),
            errors.ServerError,
        ),
        (look, APP, lambda reply: Reply(302, {"Location": f"http://127.0.0.1:1/{KEY}"}), errors.ApiError),
        (look, APP, lambda reply: replace(reply, headers={"Content-Encoding": KEY}), errors.UnexpectedAnswerError),
        (look, APP, lambda reply: replace(reply, headers={"Content-Length": "9999", "X": KEY}), errors.AnswerLostError),
        (look, APP, body({"project": ECHO}), errors.UnexpectedAnswerError),
        (look, APP, body({"project": {"project_id": "A1", "name": "App", KEY: KEY}}), errors.UnexpectedAnswerError),
        (run, "/component/get-pipeline-log", body({"pipeline_log": [FAILED]}), errors.IkigaiError),
    ],
    ids=["refusal", "failure", "redirect", "encoding", "cut", "form", "record", "run"],
)
def test_an_echo_of_the_headers_stays_out_of_errors_and_logs(
    use: Any,
    platform: CannedPlatform,
    caplog: pytest.LogCaptureFixture,
    operation: Any,
    path: str,
    how: Any,
    kind: type[errors.IkigaiError],
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.spoil(path, how)
    with pytest.raises(kind) as caught:
        use(operation)
    assert KEY not in everything(caught.value)
    assert all(KEY not in f"{record.getMessage()} {vars(record)}" for record in caplog.records)


def test_a_note_an_attribute_and_a_copy_of_an_error_are_without_the_key() -> None:
    hide_key(KEY)
    error = errors.UnexpectedAnswerError(f"before {KEY} after", field=KEY)
    error.add_note(f"sent {KEY}")
    error.call = KEY
    assert str(error) == "before … after"
    assert KEY not in everything(error) + everything(copy.copy(error)) + repr(error.__notes__)


@pytest.mark.parametrize("written", [str, repr, json.dumps, quote_plus])
def test_a_key_is_known_however_it_is_written(written: Any) -> None:
    key = "a'key/with+signs"
    hide_key(key)
    assert "with" not in redacted(f"sent {written(key)}.")


def test_a_short_key_does_not_garble_messages() -> None:
    hide_key("key")
    assert redacted("the api_key is missing") == "the api_key is missing"
