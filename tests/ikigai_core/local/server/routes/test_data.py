"""Downloads behind signed URLs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ikigai_core.local.process import LocalPlatform

CONTENT = b"a,b\n" + b"".join(b"%d,text\n" % number for number in range(1000))


@pytest.fixture
def url(api: Any, app_id: str) -> str:
    return str(api.download_url(app_id, api.dataset(app_id, content=CONTENT)))


def test_a_download_needs_no_credentials(url: str) -> None:
    answer = requests.get(url, timeout=30)
    assert answer.content == CONTENT
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert int(answer.headers["Content-Length"]) == len(CONTENT)


def test_a_download_can_be_taken_up_again_in_the_middle(url: str) -> None:
    first = requests.get(url, headers={"Range": "bytes=0-9"}, timeout=30)
    assert first.status_code == 206
    headers = {"Range": "bytes=10-", "If-Range": first.headers["ETag"]}
    rest = requests.get(url, headers=headers, timeout=30)
    assert first.content + rest.content == CONTENT
    stale = requests.get(url, headers={"Range": "bytes=10-", "If-Range": '"another"'}, timeout=30)
    assert (stale.status_code, stale.content) == (200, CONTENT)


@pytest.mark.parametrize("name", ["plain", "ä/ö & ü?#.x", "100% [ok]", "a//b", "日本", "..", "x.csv.gz"])
def test_any_name_makes_a_url_of_plain_characters(api: Any, app_id: str, name: str) -> None:
    url = api.download_url(app_id, api.dataset(app_id, name))
    assert url.isascii()
    assert not any(character in url for character in ' []"')
    assert requests.get(url, timeout=30).content == b"a,b\n1,x\n2,y\n"


def test_a_changed_url_is_refused(api: Any, app_id: str, url: str) -> None:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    other = api.dataset(app_id, "other")
    this = parts.path.split("/")[3]
    later = {**query, "expires": str(float(query["expires"]) + 1)}
    for path, changed in (
        (parts.path.replace(this, other), query),
        (parts.path, later),
        (parts.path, {**query, "signature": "0" * 64}),
        (parts.path, {**query, "signature": "é"}),
        (parts.path, {}),
    ):
        answer = requests.get(api.platform.url + path, params=changed, timeout=30)
        assert answer.status_code == 403
        assert "signature" in answer.json()["message"]
    assert requests.put(url, data=b"x", headers={"Content-Type": "text/csv"}, timeout=30).status_code in (403, 405)


def test_urls_expire(connect: Callable[[LocalPlatform], Any], until: Callable[..., Any]) -> None:
    with LocalPlatform.start(url_lifetime=0.5) as platform:
        api = connect(platform)
        app_id = api.app()
        new = {"project_id": app_id, "name": "rows", "directory": {}}
        dataset_id = api.tell("create-dataset", {"dataset": new})["dataset_id"]
        begun = api.begin_upload(app_id, dataset_id, "rows.csv", 10)
        until(lambda: api.put(begun["urls"]["1"], b"0123456789").status_code == 403)
        assert "expired" in api.put(begun["urls"]["1"], b"0123456789").json()["message"]


def test_urls_hold_across_a_restart(connect: Callable[[LocalPlatform], Any]) -> None:
    with LocalPlatform.start() as platform:
        api = connect(platform)
        app_id = api.app()
        url = api.download_url(app_id, api.dataset(app_id, content=CONTENT))
        platform.restart()
        assert requests.get(url, timeout=30).content == CONTENT


def test_a_dataset_without_data_has_no_download(api: Any, app_id: str) -> None:
    new = {"project_id": app_id, "name": "empty", "directory": {}}
    dataset_id = api.tell("create-dataset", {"dataset": new})["dataset_id"]
    assert api.ask("get-dataset-download-url", project_id=app_id, dataset_id=dataset_id) == {"status": "FAILED"}


def test_deleted_data_is_gone(api: Any, app_id: str) -> None:
    dataset_id = api.dataset(app_id)
    url = api.download_url(app_id, dataset_id)
    api.tell("delete-dataset", {"dataset": {"project_id": app_id, "dataset_id": dataset_id}})
    assert requests.get(url, timeout=30).status_code == 404


def test_answers_on_one_connection_come_at_once(api: Any, url: str) -> None:
    taken = []
    for _ in range(100):
        started = time.monotonic()
        assert api.ask("/access/heartbeat")
        taken.append(time.monotonic() - started)
    # With Nagle's algorithm each would take 40 ms, however busy the machine is.
    assert min(taken) < 0.035


def test_the_memory_does_not_grow_with_the_data(connect: Callable[[LocalPlatform], Any]) -> None:
    def peak(pid: int) -> int:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM"))

    row = b"1,some text that is neither short nor long\n"
    large = b"a,b\n" + row * ((64 << 20) // len(row))
    with LocalPlatform.start() as platform:
        api = connect(platform)
        app_id = api.app()
        api.download(app_id, api.dataset(app_id))
        before = peak(platform.pid)
        assert len(api.download(app_id, api.dataset(app_id, "large", large))) == len(large)
        assert peak(platform.pid) - before < 32
