"""A platform that ends, however it ends, settles what was half done when it starts again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine.script_access import usual_access
from ikigai_core.local.jobs.runner import INTERRUPTED, Runner
from ikigai_core.local.jobs.scripted_runs import Outcomes
from ikigai_core.local.jobs.workers import Workers, clean_environment
from ikigai_core.local.platform import Platform, Settings
from ikigai_core.local.process import LocalPlatform
from ikigai_core.local.store import Store, timestamps
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.uploads import Upload, UploadState


@pytest.fixture(scope="module")
def own() -> Iterator[LocalPlatform]:
    """A platform with one worker, which its last test stops."""
    with LocalPlatform.start(workers=1) as platform:
        yield platform


def workers_of(platform: LocalPlatform) -> dict[int, str]:
    """Return the processes that work on the platform's data, with their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            folder = str((process / "cwd").readlink())
        except OSError:
            continue
        if folder.startswith(str(platform.data_dir)):
            found[int(process.name)] = command
    return found


@pytest.fixture
def busy(own: LocalPlatform, connect: Callable[..., Any], slow: Any, definition: Any, until: Any) -> tuple[Any, ...]:
    """A platform where one flow runs and another waits for the worker."""
    api = connect(own)
    app_id = api.app()
    dataset_id = api.dataset(app_id)
    running = api.flow(app_id, definition(dataset_id, slow, output="never"), "Running")
    waiting = api.flow(app_id, definition(dataset_id, output="written"), "Waiting")
    api.start(app_id, running).raise_for_status()
    api.start(app_id, waiting).raise_for_status()
    # Not only the worker: the script runs as well.
    until(lambda: len(workers_of(own)) >= 2)
    assert api.status(app_id, waiting)["progress"]["status"] == "SCHEDULED"
    return api, app_id, running, waiting


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_run_that_was_cut_off_fails_clearly_and_a_waiting_one_runs(
    own: LocalPlatform, busy: tuple[Any, ...], how: str, until: Callable[..., Any]
) -> None:
    api, app_id, running, waiting = busy
    if how == "kill":
        own.kill()
        until(lambda: not workers_of(own))
    own.restart()
    log = api.wait(app_id, running)
    assert (log["status"], log["message"]) == ("FAILED", INTERRUPTED)
    assert len(api.logs(app_id, running)) == 1
    assert api.wait(app_id, waiting)["status"] == "SUCCESS"
    names = [item["name"] for item in api.ask("get-datasets-for-project", project_id=app_id, fetch_all="1")["datasets"]]
    assert sorted(names) == ["rows", "written"]
    assert api.run(app_id, waiting)["status"] == "SUCCESS"
    # A run's log is there a moment before its job folder is gone.
    until(lambda: not list((own.data_dir / "jobs").iterdir()))


def test_a_worker_that_dies_fails_its_run_and_not_the_platform(
    own: LocalPlatform, busy: tuple[Any, ...], until: Callable[..., Any]
) -> None:
    api, app_id, running, waiting = busy
    worker = next(pid for pid, command in workers_of(own).items() if "engine.worker" in command)
    os.kill(worker, signal.SIGKILL)
    log = api.wait(app_id, running)
    assert log["status"] == "FAILED"
    assert "SIGKILL" in log["message"]
    assert api.wait(app_id, waiting)["status"] == "SUCCESS"


def test_a_deleted_flows_worker_ends_and_the_next_run_begins(
    own: LocalPlatform, busy: tuple[Any, ...], until: Callable[..., Any]
) -> None:
    api, app_id, running, waiting = busy
    api.tell("delete-pipeline", {"pipeline": {"project_id": app_id, "pipeline_id": running}})
    assert api.wait(app_id, waiting)["status"] == "SUCCESS"
    until(lambda: not workers_of(own))
    api.tell("delete-project", {"project": {"project_id": app_id}})


@pytest.mark.usefixtures("platforms_as_users_start_them")
def test_nothing_that_the_platform_was_told_is_in_the_environment_or_path_of_a_script(
    monkeypatch: pytest.MonkeyPatch, python_uid: str, connect: Callable[..., Any], definition: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_CLOUD_TOKEN", "token-of-the-user")
    monkeypatch.setenv("IKIGAI_API_KEY", "key-of-the-user")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "its-own-modules"))
    script = "import json, os, sys\nraise ValueError(json.dumps([dict(os.environ), sys.path]))"
    with LocalPlatform.start(api_key="key-of-the-platform") as platform:
        api = connect(platform)
        app_id = api.app()
        log = api.run(app_id, api.flow(app_id, definition(api.dataset(app_id), (python_uid, {"script": script}))))
    assert "PATH" in log["message"]
    for secret in ("SOME_CLOUD_TOKEN", "IKIGAI", "key-of-the-platform", "its-own-modules"):
        assert secret not in log["message"]
    assert not [name for name in clean_environment() if name.startswith("IKIGAI") or "TOKEN" in name]


def test_a_result_that_was_not_imported_yet_is_imported(tmp_path: Path) -> None:
    store, files = Store(tmp_path / "platform.sqlite"), Files(tmp_path)
    flow = store.flows.add(Flow("flow", "app", "A flow", "", {"facets": []}, 0, 0))
    run = store.runs.queue(flow, "user@example.com", {})
    store.runs.begin(run.run_id)
    folder = files.job(run.run_id)
    folder.mkdir()
    (folder / "0.csv").write_text("a,b\n1,2\n")
    output = {"facet_id": "x", "dataset_name": "out", "path": str(folder / "0.csv"), "columns": {"a": {}, "b": {}}}
    (folder / "result.json").write_text(json.dumps({"status": "SUCCESS", "outputs": [output]}))
    Runner(store, files, Workers(), 1, Outcomes(store, files), usual_access, lend=lambda *_: {}).recover()
    assert [log.status for log in store.runs.logs("flow", 9)] == ["SUCCESS"]
    [dataset] = store.datasets.all(app_id="app")
    assert files.data(dataset.data_file).read_text() == "a,b\n1,2\n"
    assert not folder.exists()


def test_an_upload_that_was_being_checked_is_checked_again(
    own: LocalPlatform, connect: Callable[..., Any], until: Callable[..., Any]
) -> None:
    api = connect(own)
    app_id = api.app()
    row = b"1,some text that is neither short nor long\n"
    large = b"a,b\n" + row * ((48 << 20) // len(row))
    new = {"project_id": app_id, "name": "rows", "directory": {}}
    dataset_id = api.tell("create-dataset", {"dataset": new})["dataset_id"]
    begun = api.begin_upload(app_id, dataset_id, "rows.csv", len(large))
    etags = api.put_parts(begun, large)
    own.kill()
    own.restart()
    api.complete(app_id, dataset_id, "rows.csv", begun["upload_id"], etags).raise_for_status()
    place = {"project_id": app_id, "dataset_id": dataset_id}
    api.ask("verify-dataset-upload", **place, filename="rows.csv")
    own.kill()
    own.restart()
    until(lambda: api.ask("confirm-dataset-upload", **place)["status"] == "SUCCESS")
    assert len(api.ask("get-dataset-log", **place, limit=5)["dataset_log"]) == 1
    assert api.download(app_id, dataset_id) == large


def test_uploads_that_nobody_completes_are_swept_after_a_day(tmp_path: Path) -> None:
    platform = Platform(Settings(tmp_path))
    try:
        uploads, day = platform.store.uploads, 24 * 3600
        for upload_id, age in (("young", day - 60), ("old", day + 60)):
            began = timestamps.now() - age
            uploads.add(Upload(upload_id, "dataset", "app", "x.csv", 1, 1, UploadState.OPEN, began))
            part = platform.parts.begin(upload_id, 1, 1)
            part.file.write(b"x")
            platform.parts.keep(part, 1, "etag")
        platform.drop_old_uploads()
        assert [upload.upload_id for upload in uploads.in_state(UploadState.OPEN)] == ["young"]
        assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["young"]
        assert not uploads.parts("old")
    finally:
        platform.stop()


def test_what_nothing_refers_to_is_swept_away(own: LocalPlatform, connect: Callable[..., Any]) -> None:
    api = connect(own)
    app_id = api.app()
    dataset_id = api.dataset(app_id)
    api.upload(app_id, dataset_id, "rows.csv", b"a,b\n3,4\n")
    (own.data_dir / "datasets" / "left-behind.csv").write_text("x")
    (own.data_dir / "jobs" / "left-behind").mkdir()
    own.restart()
    kept = {path.name for path in (own.data_dir / "datasets").iterdir()}
    datasets = [
        item
        for app in api.ask("get-projects-for-user", fetch_all="1")["projects"]
        for item in api.ask("get-datasets-for-project", project_id=app["project_id"], fetch_all="1")["datasets"]
    ]
    assert len(kept) == len(datasets) > 1
    assert not list((own.data_dir / "jobs").iterdir())
    assert not list((own.data_dir / "uploads").iterdir())
    assert api.download(app_id, dataset_id) == b"a,b\n3,4\n"


def test_workers_end_with_the_platform(own: LocalPlatform, busy: tuple[Any, ...], until: Callable[..., Any]) -> None:
    own.stop()
    until(lambda: not workers_of(own), 5)
