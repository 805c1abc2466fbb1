from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ikigai_core.local.jobs import upload_arrivals
from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.upload_arrivals import UploadArrivals
from ikigai_core.local.jobs.workers import Workers
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.part_files import PartFiles
from ikigai_core.local.store.uploads import Part, Upload, UploadState

CONTENT = b"id,note\n" + b'1,"two\nlines"\n' * 1000
MORE = CONTENT.replace(b"id,note\n", b"2,ends\n\n")
COLUMNS = {
    "id": {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}},
    "note": {"data_type": "CATEGORICAL", "data_formats": {}},
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.stop()


@pytest.fixture
def arriving(tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Checks of uploads of any size, and a way to let a part of one arrive."""
    monkeypatch.setattr(upload_arrivals, "_SMALLEST", 0)
    store, files = Store(tmp_path / "platform.sqlite"), Files(tmp_path)
    checks = UploadArrivals(store, files, workers, CheckLimits())
    parts = PartFiles(files, store.uploads)

    def begin(upload_id: str, part_count: int, size: int = len(CONTENT)) -> Upload:
        return store.uploads.add(Upload(upload_id, "dataset", "app", "a.csv", size, part_count, UploadState.OPEN, 1))

    def keep(upload: Upload, number: int, content: bytes) -> Part:
        part = parts.begin(upload.upload_id, number, len(content))
        part.file.write(content)
        return parts.keep(part, len(content), str(hash(content)))

    def arrive(upload: Upload, number: int, content: bytes) -> None:
        checks.take(upload, keep(upload, number, content))

    yield SimpleNamespace(checks=checks, begin=begin, keep=keep, arrive=arrive, jobs=tmp_path / "jobs")
    checks.stop()
    store.close()


def test_parts_in_any_order_get_a_verdict_that_leaves_nothing_behind(arriving: Any) -> None:
    upload = arriving.begin("one", 3)
    for number in (3, 1, 2):
        start, size = upload.stretch(number)
        arriving.arrive(upload, number, CONTENT[start : start + size])

    assert arriving.checks.verdict(upload) == {"reason": None, "columns": COLUMNS}
    assert not list(arriving.jobs.iterdir())


def test_a_part_that_was_sent_again_with_other_bytes_leaves_the_verdict_to_the_whole_file(arriving: Any) -> None:
    upload = arriving.begin("one", 2, 2 * len(CONTENT))
    arriving.arrive(upload, 1, CONTENT)
    arriving.arrive(upload, 1, CONTENT.replace(b"id", b"it"))
    arriving.arrive(upload, 2, CONTENT)

    assert arriving.checks.verdict(upload) is None


def test_a_verdict_is_never_that_on_a_part_which_another_has_just_replaced(arriving: Any) -> None:
    upload = arriving.begin("one", 2, 2 * len(CONTENT))
    arriving.arrive(upload, 1, CONTENT)
    arriving.arrive(upload, 2, MORE)
    arriving.keep(upload, 1, CONTENT.replace(b"id", b"it"))

    assert arriving.checks.verdict(upload) is None


def test_a_client_that_does_not_wait_for_the_last_answer_leaves_the_verdict_to_the_whole_file(arriving: Any) -> None:
    upload = arriving.begin("one", 2, 2 * len(CONTENT))
    arriving.arrive(upload, 1, CONTENT)
    arriving.keep(upload, 2, MORE)

    assert arriving.checks.verdict(upload) is None


def test_a_part_that_was_sent_again_since_its_answer_was_lost_changes_nothing(arriving: Any) -> None:
    upload = arriving.begin("one", 2, 2 * len(CONTENT))
    arriving.arrive(upload, 1, CONTENT)
    arriving.arrive(upload, 1, CONTENT)
    arriving.arrive(upload, 2, MORE)

    assert arriving.checks.verdict(upload) == {"reason": None, "columns": COLUMNS}


def test_parts_of_other_sizes_than_expected_leave_the_verdict_to_the_whole_file(arriving: Any) -> None:
    upload = arriving.begin("one", 2)
    middle = upload.part_size + 1
    arriving.arrive(upload, 1, CONTENT[:middle])
    arriving.arrive(upload, 2, CONTENT[middle:])

    assert arriving.checks.verdict(upload) is None


def test_aborted_uploads_make_room_for_others(arriving: Any) -> None:
    for number in range(5):
        upload = arriving.begin(f"aborted {number}", 2)
        arriving.arrive(upload, 1, CONTENT[: upload.part_size])
        arriving.checks.forget(upload.upload_id)
        assert arriving.checks.verdict(upload) is None


def test_a_broken_file_gets_no_early_verdict(arriving: Any) -> None:
    upload = arriving.begin("one", 2, 2 * len(CONTENT))
    arriving.arrive(upload, 1, CONTENT)
    arriving.arrive(upload, 2, CONTENT.replace(b"id,note\n", b"1,2,3,4\n"))

    assert arriving.checks.verdict(upload) is None


def test_a_large_upload_to_a_platform_has_its_verdict_before_anyone_asks_for_it(api: Any, app_id: str) -> None:
    content = CONTENT + b'2,"some text that is neither short nor long"\n' * (26_000_000 // 45)
    dataset = {"project_id": app_id, "name": "rows", "directory": {}}
    dataset_id = api.tell("create-dataset", {"dataset": dataset})["dataset_id"]
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(content))

    etags = api.put_parts(begun, content)

    (job,) = [path.parent for path in api.platform.data_dir.glob("jobs/*/arrivals")]
    deadline = time.monotonic() + 60
    while not (job / "result.json").exists():
        assert time.monotonic() < deadline, "no verdict, though all parts have arrived"
        time.sleep(0.02)
    # That it is this verdict which counts shows in what no examination would find.
    (job / "result.json").write_text(json.dumps({"reason": None, "columns": {"id": COLUMNS["note"]}}))
    api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).raise_for_status()
    assert api.verdict(app_id, dataset_id, "rows.csv") == "SUCCESS"
    found = api.ask("get-dataset", project_id=app_id, dataset_id=dataset_id)["dataset"]["data_types"]
    assert found == {"id": COLUMNS["note"]}
