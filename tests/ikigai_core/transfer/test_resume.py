"""An upload whose process was killed is gone on with, where the platform still knows it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, Ikigai
from ikigai_core.api.datasets import UploadTicket
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform
from ikigai_core.transfer.resume import Interrupted, Journal
from ikigai_core.transport import sync
from tests.ikigai_core.helper_processes import Helpers

PARTS = 3
ARRIVED = 2
PART = 8 << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of several parts."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    row = b"%d," + b"some text " * 50 + b"\n"
    rows = PARTS * PART // len(row % 10**8) + 1
    path.write_bytes(b"number,text\n" + b"".join(row % n for n in range(10**8, 10**8 + rows)))
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ikigai" / "uploads"


@pytest.fixture
def kill(app: App, ikigai_local: LocalAccount, helpers: Helpers, tmp_path: Path) -> Callable[[str, Path], None]:
    """Upload in a process that is killed after its second part."""

    def kill(how: str, path: Path) -> None:
        environment = {**os.environ, **ikigai_local.environ()}
        with helpers.running("mortal_upload", [app.name, how, str(path)], tmp_path, environment) as process:
            assert process.process.wait() == -signal.SIGKILL

    return kill


@pytest.fixture
def parts(ikigai_local: LocalAccount) -> Iterator[Callable[[], int]]:
    """Counts the parts that the platform took since it was asked last."""
    seen = [request.number for request in ikigai_local.control.journal()][-1:] or [0]

    def count() -> int:
        new = ikigai_local.control.journal("upload-part", after=seen[0])
        seen[0] = max([seen[0], *(request.number for request in new)])
        return sum(request.status == 200 for request in new)

    return count


def test_a_killed_build_is_gone_on_with(
    app: App, kill: Callable[..., None], parts: Callable[[], int], large: Path, cache: Path
) -> None:
    kill("csv", large)
    assert parts() == ARRIVED
    [journal] = cache.glob("*.jsonl")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    [half_made] = app.datasets().values()
    dataset = app.dataset.new("large").csv(large).build()
    assert parts() == PARTS - ARRIVED
    assert dataset.dataset_id == half_made.dataset_id
    assert dataset.changes == ("created",)
    assert dataset.to_csv(large.with_name("down.csv")).read_bytes() == large.read_bytes()
    assert list(cache.glob("*.jsonl")) == []
    app.dataset.new("large").csv(large).build()
    assert (parts(), len(app.datasets())) == (PARTS, 2)


def test_a_frame_is_gone_on_with_by_an_ensure_of_the_other_face(
    app: App, ikigai_local: LocalAccount, kill: Callable[..., None], parts: Callable[[], int], large: Path
) -> None:
    kill("df", large)
    assert parts() == ARRIVED

    async def ensure() -> Any:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            builder = (await ikigai.apps[app.name]).dataset.new("large").df(pd.read_csv(large))
            return (await builder.ensure()).changes, (await builder.ensure()).changes

    assert asyncio.run(ensure()) == (("data",), ())
    assert parts() == PARTS - ARRIVED
    pd.testing.assert_frame_equal(app.datasets["large"].df(), pd.read_csv(large))


def test_a_killed_replacement_is_gone_on_with_and_only_unchanged_parts_are_not_sent_again(
    app: App, kill: Callable[..., None], parts: Callable[[], int], large: Path, tmp_path: Path
) -> None:
    dataset = app.dataset.new("large").df(pd.DataFrame({"a": [1]})).build()
    kill("edit_data", large)
    assert dataset.df().to_dict("list") == {"a": [1]}
    changed = tmp_path / "changed.csv"
    content = bytearray(large.read_bytes())
    content[12:21] = b"999999999"
    changed.write_bytes(content)
    parts()
    dataset.edit_data(changed)
    assert parts() == PARTS - ARRIVED + 1
    assert dataset.to_csv(tmp_path / "down.csv").read_bytes() == changed.read_bytes()


@pytest.mark.soak
def test_what_cannot_be_gone_on_with_is_begun_anew_and_leaves_nothing_half_made(
    app: App, ikigai_local: LocalAccount, kill: Callable[..., None], parts: Callable[[], int], large: Path,
    monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path,
) -> None:  # fmt: skip
    kill("csv", large)
    parts()
    longer = tmp_path / "longer.csv"
    longer.write_bytes(large.read_bytes() + b"000000000,one more\n")
    app.dataset.new("large").csv(longer).build()
    assert (parts(), len(app.datasets())) == (PARTS, 1)
    app.datasets["large"].delete()

    kill("csv", large)
    [half_made] = app.datasets().values()
    half_made.delete()
    parts()
    dataset = app.dataset.new("large").csv(large).build()
    assert (parts(), list(cache.glob("*.jsonl")), len(app.datasets())) == (PARTS, [], 1)
    dataset.delete()

    kill("csv", large)
    parts()
    ikigai_local.control.fault(operation="upload-part", status=403, times=1)
    app.dataset.new("large").csv(large).build()
    assert PARTS <= parts() <= PARTS + 1
    assert len(app.datasets()) == 1


def interrupted(parts: int) -> Interrupted:
    urls = {number: f"https://storage/{number}?signature=secret" for number in range(1, parts + 1)}
    return Interrupted("dataset", None, 1, UploadTicket("upload", "text/csv", urls), [])


def test_a_journal_is_kept_where_it_is_wanted_possible_and_worth_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Journal.of("a", wanted=False).begin(interrupted(parts=2))
    Journal.of("a").begin(interrupted(parts=1))
    with monkeypatch.context() as patch:
        patch.setenv("IKIGAI_RESUME_UPLOADS", "off")
        Journal.of("a").begin(interrupted(parts=2))
    with monkeypatch.context() as patch:
        (tmp_path / "file").touch()
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        Journal.of("a").begin(interrupted(parts=2))
    assert not cache.exists()
    Journal.of("a").begin(interrupted(parts=2))
    assert len(list(cache.glob("*.jsonl"))) == 1


def test_a_journal_belongs_to_one_upload_at_a_time(cache: Path) -> None:
    first, second = Journal.of("a"), Journal.of("a")
    first.begin(interrupted(parts=2))
    first.note(1, "etag")
    assert second.open() is None
    second.begin(interrupted(parts=3))
    second.forget()
    first.close()
    left = Journal.of("a").open()
    assert left is not None and left.etags == {1: "etag"}
    assert "secret" not in repr(left)


def test_what_a_kill_cut_off_or_another_release_wrote_is_left_out(cache: Path) -> None:
    journal = Journal.of("a")
    journal.begin(interrupted(parts=2))
    journal.note(1, "etag")
    journal.close()
    [file] = cache.glob("*.jsonl")
    with file.open("a") as lines:
        lines.write('{"part": 2, "et')
    left = Journal.of("a").open()
    assert left is not None and left.etags == {1: "etag"}
    file.write_text(file.read_text().replace('"version": 1', '"version": 2'))
    assert Journal.of("a").open() is None
    file.write_text("no JSON")
    assert Journal.of("a").open() is None


@pytest.mark.soak
def test_a_platform_that_was_away_for_too_long_finds_the_rest_sent_later(
    large: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(sync, "AT_ONCE", 1)
    with LocalPlatform.start() as platform:
        credentials = platform.user_email, platform.api_key, platform.url
        with Ikigai(*credentials, connect_timeout=0.5) as ikigai:
            app = ikigai.app.new("Away").build()

            def go_away(progress: Any) -> None:
                if progress.done > 1.5 * PART:
                    platform.kill()

            with pytest.raises(Exception, match="Cannot reach|no answer") as caught:
                app.dataset.new("large").csv(large).build(on_progress=go_away)
            assert getattr(caught.value, "transient", False)
            platform.restart()
            assert len(app.datasets()) == 1
            dataset = app.dataset.new("large").csv(large).build()
            assert dataset.size == large.stat().st_size
            sent = sum(r.status == 200 for r in platform.control.journal("upload-part"))
            assert 0 < sent < PARTS
            assert len(app.datasets()) == 1
            assert list(cache.glob("*.jsonl")) == []
