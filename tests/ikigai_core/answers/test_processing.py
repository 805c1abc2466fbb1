"""The platform's work on data is not waited for without end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import errors

from .canned_platform import CannedPlatform, Reply
from .operations import app_of, got


def status(word: str) -> Any:
    def how(reply: Reply) -> Reply:
        return replace(reply, body=json.dumps({"status": word}).encode())

    return how


async def upload(ikigai: Any, folder: Path) -> None:
    (folder / "up.csv").write_text("a\n1\n")
    await got((await app_of(ikigai)).dataset.new("data").csv(folder / "up.csv").build())


async def download(ikigai: Any, folder: Path) -> None:
    data = await got((await app_of(ikigai)).datasets["data"])
    await got(data.to_csv(folder / "data.csv"))


@pytest.mark.parametrize(
    ("operation", "path", "word", "says"),
    [
        (upload, "/component/confirm-dataset-upload", "RUNNING", "still checking .* after 30 s.*processing_timeout"),
        (download, "/component/get-dataset-download-url", "IN_PROGRESS", "still preparing .* after 30 s"),
    ],
)
def test_work_that_does_not_end_is_given_up_after_the_time_that_is_set(
    use: Any, platform: CannedPlatform, operation: Any, path: str, word: str, says: str
) -> None:
    platform.spoil(path, status(word))
    with pytest.raises(errors.TransferError, match=says):
        use(operation)
