"""Whatever ends a transfer early, nothing half-made stays: no dataset, no open upload, no file."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from ikigai_core import App, AsyncIkigai, Ikigai, errors
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform
from ikigai_core.transfer.progress import Progress
from ikigai_core.transfer.ranges import FIRST_SIZE, RANGE_SIZE
from ikigai_core.transport import sync

SIZE = 24 << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of several parts."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    row = b"0123456789,some text\n"
    path.write_bytes(b"number,text\n" + row * (SIZE // len(row)))
    return path


def uploads(platform: LocalPlatform) -> list[Path]:
    """The parts that the platform keeps of uploads that are still open."""
    return [path for path in (platform.data_dir / "uploads").rglob("*") if path.is_file()]


@pytest.fixture
def no_open_upload(app: App, ikigai_local: LocalAccount) -> Iterator[None]:
    """The shared platform, which has to keep no more parts of uploads than before, even before the app is deleted."""
    before = uploads(ikigai_local.platform)
    yield
    assert set(uploads(ikigai_local.platform)) <= set(before)


@pytest.fixture
def empty_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which has to be empty in the end."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    deadline = time.monotonic() + 10
    while list(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("no_open_upload")
def test_ctrl_c_ends_an_upload_at_once_and_keeps_it_only_for_a_later_process(
    app: App, ikigai_local: LocalAccount, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import os, signal, sys
from ikigai_core import Ikigai

def interrupt(progress):
    if 0 < progress.done < progress.total:
        os.kill(os.getpid(), signal.SIGINT)

Ikigai().apps[sys.argv[1]].dataset.new("large").csv(sys.argv[2]).build(on_progress=interrupt)
"""
    environment = {**os.environ, **ikigai_local.environ(), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", script, app.name, str(large)]
    for resume, left in (("off", 0), ("on", 1)):
        given = {**environment, "IKIGAI_RESUME_UPLOADS": resume}
        done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == -signal.SIGINT
        assert "KeyboardInterrupt" in done.stderr
        assert len(app.datasets()) == left
    [half_made] = app.datasets().values()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    app.dataset.new("large").csv(large).build()
    assert app.datasets["large"].dataset_id == half_made.dataset_id
    assert app.datasets["large"].size == large.stat().st_size


@pytest.mark.usefixtures("no_open_upload")
@pytest.mark.parametrize("kind", ["csv", "df"])
def test_a_cancelled_task_ends_its_upload_and_leaves_nothing(
    app: App, ikigai_local: LocalAccount, large: Path, kind: str, empty_scratch: Path
) -> None:
    async def main() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            begun = asyncio.Event()
            loop = asyncio.get_running_loop()

            def note(progress: Progress) -> None:
                if 0 < progress.done < progress.total:
                    loop.call_soon_threadsafe(begun.set)

            builder = (await ikigai.apps[app.name]).dataset.new("large")
            data: Any = large if kind == "csv" else pd.read_csv(large)
            task = asyncio.create_task(getattr(builder, kind)(data).build(on_progress=note))
            await asyncio.wait_for(begun.wait(), 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert len(app.datasets()) == 0


def test_a_frame_that_is_still_being_written_when_its_task_is_cancelled_leaves_no_file(
    app: App, ikigai_local: LocalAccount, large: Path, empty_scratch: Path
) -> None:
    frame = pd.read_csv(large)

    async def main() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            builder = (await ikigai.apps[app.name]).dataset.new("large").df(frame)
            task = asyncio.create_task(builder.build())
            while not list(empty_scratch.iterdir()):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert len(app.datasets()) == 0


@pytest.mark.usefixtures("no_open_upload")
def test_a_failing_callback_ends_the_upload(app: App, large: Path) -> None:
    def fail(progress: Progress) -> None:
        if progress.done:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.dataset.new("large").csv(large).build(on_progress=fail)
    assert len(app.datasets()) == 0


def test_an_interrupted_replacement_leaves_the_old_data(app: App, large: Path) -> None:
    dataset = app.dataset.new("data").df(pd.DataFrame({"a": [1]})).build()

    def fail(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataset.edit_data(large, on_progress=fail)
    assert dataset.df().to_dict("list") == {"a": [1]}


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("now", ["number\n1\n", "number\n2\n3\n", None])
def test_a_file_that_changes_during_its_upload_is_not_taken(
    app: App, ikigai_local: LocalAccount, tmp_path: Path, is_async: bool, now: str | None
) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("number\n1\n2\n")
    os.utime(file, (1, 1))

    def change(progress: Progress) -> None:
        if now is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(now)

    def build() -> None:
        app.dataset.new("numbers").csv(file).build(on_progress=change)

    async def build_async() -> None:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            await (await ikigai.apps[app.name]).dataset.new("numbers").csv(file).build(on_progress=change)

    with pytest.raises(errors.UploadError, match=r"numbers\.csv changed while it was uploaded"):
        asyncio.run(build_async()) if is_async else build()
    assert len(app.datasets()) == 0


def requests_of(platform: LocalPlatform) -> dict[str, int]:
    """How often each endpoint was called."""
    headers = {"user": platform.user_email, "api-key": platform.api_key}
    answer = requests.get(f"{platform.url}/_local/requests", headers=headers, timeout=10).json()
    counts: Counter[str] = Counter()
    for by_endpoint in answer["by_agent"].values():
        counts.update(by_endpoint)
    return counts


def test_urls_that_have_expired_are_asked_for_again(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "AT_ONCE", 1)
    with LocalPlatform.start(url_lifetime=1.5) as platform, Ikigai(*credentials(platform)) as ikigai:
        app = ikigai.app.new("Late").build()
        slowed = threading.Event()

        def be_slow_once(progress: Progress) -> None:
            if progress.done and not slowed.is_set():
                slowed.set()
                time.sleep(1.6)

        dataset = app.dataset.new("large").csv(large).build(on_progress=be_slow_once)
        slowed.clear()
        assert dataset.to_csv(tmp_path / "large.csv", on_progress=be_slow_once).read_bytes() == large.read_bytes()
        assert uploads(platform) == []
        counts = requests_of(platform)
        assert counts["GET /component/get-dataset-multipart-upload-urls"] >= 2
        assert counts["GET /component/get-dataset-download-url"] >= 2


def test_a_large_download_comes_in_ranges(large: Path, tmp_path: Path) -> None:
    with LocalPlatform.start() as platform, Ikigai(*credentials(platform)) as ikigai:
        dataset = ikigai.app.new("Ranges").build().dataset.new("large").csv(large).build()
        before = requests_of(platform)["GET /_data"]
        assert dataset.to_csv(tmp_path / "large.csv").read_bytes() == large.read_bytes()
        assert requests_of(platform)["GET /_data"] - before == 1 + math.ceil(
            (large.stat().st_size - FIRST_SIZE) / RANGE_SIZE
        )


def test_urls_that_expire_again_and_again_are_an_error_that_leaves_nothing(large: Path) -> None:
    with LocalPlatform.start(url_lifetime=0.0) as platform, Ikigai(*credentials(platform)) as ikigai:
        app = ikigai.app.new("Late").build()
        with pytest.raises(errors.UploadError, match="does not accept the signed URL") as caught:
            app.dataset.new("large").csv(large).build()
        assert "signature" not in str(caught.value)
        assert len(app.datasets()) == 0
        assert uploads(platform) == []


def credentials(platform: LocalPlatform) -> tuple[str, str, str]:
    return platform.user_email, platform.api_key, platform.url


def test_progress_is_told_up_to_the_last_byte(app: App, large: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    dataset = app.dataset.new("large").csv(large).build(on_progress=told.append)
    dataset.to_csv(tmp_path / "large.csv", on_progress=told.append)
    size = large.stat().st_size
    for what in ("upload of 'large'", "download of 'large'"):
        steps = [progress for progress in told if progress.what == what]
        assert [step.done for step in steps] == sorted(step.done for step in steps)
        assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, size, size)


def test_a_bar_is_drawn_where_it_is_asked_for_and_nowhere_else(
    app: App, flights: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    dataset.df()
    assert capsys.readouterr() == ("", "")
    dataset.df(on_progress=True)
    assert "download of 'flights'" in capsys.readouterr().err
    dataset.df(on_progress=False)
    assert capsys.readouterr() == ("", "")
