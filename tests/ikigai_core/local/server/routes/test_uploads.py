"""Uploads: parts in any order, complete or aborted, and the verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

MIB = 1 << 20
HEADER = b"a,b\n"
ROW = b"1,some text that is neither short nor long\n"
LARGE = HEADER + ROW * (20 * MIB // len(ROW))


@pytest.fixture
def dataset_id(api: Any, app_id: str) -> str:
    new = {"project_id": app_id, "name": "rows", "directory": {}}
    return str(api.tell("create-dataset", {"dataset": new})["dataset_id"])


def test_a_quick_platform_still_stamps_later_than_the_clients_clock(api: Any, app_id: str, dataset_id: str) -> None:
    for _ in range(3):
        begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
        etags = api.put_parts(begun, HEADER + ROW)
        api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).raise_for_status()
        clock = time.time()
        assert api.verdict(app_id, dataset_id, "rows.csv") == "SUCCESS"
        log = api.ask("get-dataset-log", project_id=app_id, dataset_id=dataset_id, limit=1)["dataset_log"]
        assert [(entry["status"], entry["job_type"]) for entry in log] == [("SUCCESS", "UPLOAD_DATASET")]
        assert int(log[0]["timestamp"]) > clock


def test_a_dataset_has_its_data_columns_and_size(api: Any, app_id: str, dataset_id: str) -> None:
    content = b"code,count,when,free\n" + b"".join(b"0%d,%d,2024-01-0%d,text %d\n" % (i, i, i, i) for i in range(1, 9))
    assert api.upload(app_id, dataset_id, "rows.csv", content) == "SUCCESS"
    dataset = api.ask("get-dataset", project_id=app_id, dataset_id=dataset_id)["dataset"]
    assert (dataset["filename"], dataset["file_extension"]) == ("rows.csv", "csv")
    assert int(dataset["size"]) == len(content)
    assert list(dataset["data_types"]) == ["code", "count", "when", "free"]
    assert dataset["data_types"]["count"] == {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}
    assert dataset["data_types"]["when"]["data_type"] == "TIME"
    assert dataset["data_types"]["code"]["data_type"] != "NUMERIC"
    assert api.download(app_id, dataset_id) == content


def test_large_data_goes_in_parts_side_by_side_in_any_order(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(LARGE))
    count = len(begun["urls"])
    assert count > 1
    assert list(begun["urls"]) == [str(number) for number in range(1, count + 1)]
    size = -(-len(LARGE) // count)
    assert size >= 5 * MIB

    def put(number: int) -> tuple[str, str]:
        answer = api.put(begun["urls"][str(number)], LARGE[(number - 1) * size : number * size])
        assert answer.status_code == 200
        return str(number), answer.headers["ETag"]

    with ThreadPoolExecutor(count) as pool:
        etags = dict(pool.map(put, range(count, 0, -1)))
    assert all(etag.startswith('"') and etag.endswith('"') for etag in etags.values())
    api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).raise_for_status()
    assert api.verdict(app_id, dataset_id, "rows.csv") == "SUCCESS"
    assert api.download(app_id, dataset_id) == LARGE


def test_a_part_that_is_sent_again_takes_the_place_of_the_first(api: Any, app_id: str, dataset_id: str) -> None:
    good = HEADER + ROW
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(good))
    wrong = api.put(begun["urls"]["1"], b"x" * len(good)).headers["ETag"]
    etags = api.put_parts(begun, good)
    assert api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], {"1": wrong}).status_code == 400
    assert api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).status_code == 200
    assert api.verdict(app_id, dataset_id, "rows.csv") == "SUCCESS"
    assert api.download(app_id, dataset_id) == good


def test_completing_again_after_a_lost_answer_is_fine(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
    etags = api.put_parts(begun, HEADER + ROW)
    for _ in range(2):
        assert api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).status_code == 200
    for _ in range(2):
        assert api.verdict(app_id, dataset_id, "rows.csv") == "SUCCESS"
    log = api.ask("get-dataset-log", project_id=app_id, dataset_id=dataset_id, limit=5)["dataset_log"]
    assert len(log) == 1


@pytest.mark.parametrize(
    ("etags", "says"),
    [
        ({}, "etags"),
        ({"1": '"0123456789abcdef0123456789abcdef"'}, "part 1"),
        ({"2": "right"}, "part 1 is missing"),
        ({"1": "right", "2": "right"}, "no part 2"),
        ({"one": "right"}, "etags.one"),
    ],
)
def test_wrong_etags_are_refused(api: Any, app_id: str, dataset_id: str, etags: dict[str, str], says: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
    right = api.put_parts(begun, HEADER + ROW)["1"]
    sent = {number: right if etag == "right" else etag for number, etag in etags.items()}
    answer = api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], sent)
    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_a_part_that_never_came_is_named(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(LARGE))
    first = api.put(begun["urls"]["1"], LARGE[: 10 * MIB]).headers["ETag"]
    answer = api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], {"1": first, "2": first})
    assert answer.status_code == 400
    assert "part 2 has not arrived" in answer.json()["message"]


def test_a_small_part_before_the_last_is_refused(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(LARGE))
    assert list(begun["urls"]) == ["1", "2"]
    etags = {number: api.put(begun["urls"][number], LARGE[:MIB]).headers["ETag"] for number in ("1", "2")}
    answer = api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags)
    assert answer.status_code == 400
    assert "part 1 has 1048576 bytes" in answer.json()["message"]


def test_fewer_bytes_than_announced_are_refused(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", 1000)
    etags = api.put_parts(begun, HEADER + ROW)
    answer = api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags)
    assert answer.status_code == 400
    assert "1000 bytes were announced" in answer.json()["message"]


def test_more_bytes_than_announced_are_refused_while_they_come(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", 10)

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 1000

    assert api.put(begun["urls"]["1"], endless()).status_code == 413


def test_an_aborted_upload_is_gone(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
    etags = api.put_parts(begun, HEADER + ROW)
    for _ in range(2):
        assert api.abort(app_id, dataset_id, "rows.csv", begun["upload_id"]).status_code == 200
    assert api.put(begun["urls"]["1"], HEADER + ROW).status_code == 404
    assert api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).status_code in (400, 409)
    assert api.abort(app_id, dataset_id, "rows.csv", "no-such-upload").status_code == 404


def test_data_that_is_no_table_fails_and_the_old_data_stays(api: Any, app_id: str, dataset_id: str) -> None:
    assert api.upload(app_id, dataset_id, "rows.csv", HEADER + ROW) == "SUCCESS"
    assert api.upload(app_id, dataset_id, "rows.csv", b"a,b\n1,2,3\n") == "FAILED"
    log = api.ask("get-dataset-log", project_id=app_id, dataset_id=dataset_id, limit=5)["dataset_log"]
    assert [entry["status"] for entry in log] == ["FAILED", "SUCCESS"]
    assert "line 2" in log[0]["message"]
    assert api.download(app_id, dataset_id) == HEADER + ROW


def test_data_is_replaced_at_the_next_upload(api: Any, app_id: str, dataset_id: str) -> None:
    assert api.upload(app_id, dataset_id, "rows.csv", HEADER + ROW) == "SUCCESS"
    before = api.ask("get-dataset", project_id=app_id, dataset_id=dataset_id)["dataset"]
    assert api.upload(app_id, dataset_id, "other.csv", b"c\n1\n") == "SUCCESS"
    after = api.ask("get-dataset", project_id=app_id, dataset_id=dataset_id)["dataset"]
    assert api.download(app_id, dataset_id) == b"c\n1\n"
    assert (after["filename"], list(after["data_types"]), int(after["size"])) == ("other.csv", ["c"], 4)
    assert (after["name"], after["created_at"]) == (before["name"], before["created_at"])


def test_steps_out_of_order_are_refused(api: Any, app_id: str, dataset_id: str) -> None:
    place = {"project_id": app_id, "dataset_id": dataset_id}
    assert api.get("/component/confirm-dataset-upload", **place).status_code == 400
    assert api.get("/component/verify-dataset-upload", **place, filename="rows.csv").status_code == 400
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
    etags = api.put_parts(begun, HEADER + ROW)
    api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).raise_for_status()
    assert api.get("/component/confirm-dataset-upload", **place).status_code == 409
    assert api.get("/component/verify-dataset-upload", **place, filename="other.csv").status_code == 400
    assert api.verdict(app_id, dataset_id, "rows.csv") == "SUCCESS"


def test_only_csv_files_are_taken(api: Any, app_id: str, dataset_id: str) -> None:
    query = {"project_id": app_id, "dataset_id": dataset_id, "filename": "rows.xlsx", "file_size": 10}
    answer = api.get("/component/get-dataset-multipart-upload-urls", **query)
    assert answer.status_code == 400
    assert "filename" in answer.json()["message"]


def test_urls_carry_the_host_that_was_asked(api: Any, app_id: str, dataset_id: str) -> None:
    port = urlsplit(api.platform.url).port
    query = {"project_id": app_id, "dataset_id": dataset_id, "filename": "rows.csv", "file_size": 10}
    answer = api.session.get(
        f"{api.platform.url}/component/get-dataset-multipart-upload-urls",
        params=query,
        headers={"Host": f"localhost:{port}"},
        timeout=30,
    )
    assert urlsplit(answer.json()["urls"]["1"]).netloc == f"localhost:{port}"


def test_credentials_have_no_place_at_a_signed_url(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
    headers = {"Content-Type": begun["content_type"]}
    answer = api.session.put(begun["urls"]["1"], data=HEADER + ROW, headers=headers, timeout=30)
    assert answer.status_code == 400
    assert "api-key" in answer.json()["message"]


def test_a_part_of_another_content_type_was_not_signed_for(api: Any, app_id: str, dataset_id: str) -> None:
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(HEADER + ROW))
    headers = {"Content-Type": "application/json"}
    assert requests.put(begun["urls"]["1"], data=HEADER, headers=headers, timeout=30).status_code == 403
