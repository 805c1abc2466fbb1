"""A DuckDB that was used before, or was made before a fork, is as good as a new one."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ikigai_core.local.engine import instances
from ikigai_core.local.engine.instances import Instance, make_ready


@pytest.fixture(autouse=True)
def none_is_idle(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Instances of other tests stay out."""
    idle: list[object] = []
    monkeypatch.setattr(instances, "_idle", idle)
    return idle


def _names(instance: Instance) -> list[str]:
    with instance.connect() as connection:
        return [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]


def test_the_next_user_finds_nothing_of_the_one_before(tmp_path: Path, none_is_idle: list[object]) -> None:
    before = Instance(tmp_path / "before")
    with before.connect() as connection:
        connection.execute("SET TimeZone = 'Europe/Zurich'")
        connection.execute("CREATE TABLE kept AS SELECT 1")
        connection.register("frame", pd.DataFrame({"number": [2]}))
    assert _names(before) == ["kept"]
    before.close()
    assert none_is_idle

    after = Instance(tmp_path / "after")
    assert not none_is_idle
    assert _names(after) == []
    with after.connect() as connection:
        assert connection.execute("SELECT current_setting('TimeZone')").fetchone() != ("Europe/Zurich",)
        with pytest.raises(Exception, match="frame"):
            connection.execute("SELECT * FROM frame")


def test_each_of_two_users_at_a_time_has_its_own(tmp_path: Path) -> None:
    one, other = Instance(tmp_path / "one"), Instance(tmp_path / "other")
    with one.connect() as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1")
    assert _names(other) == []


def test_what_spilled_does_not_spill_into_its_folder_for_the_next_user(tmp_path: Path) -> None:
    for name in ("one", "other"):
        instance = Instance(tmp_path / name)
        with instance.connect() as connection:
            connection.execute("SET memory_limit = '20MiB'")
            connection.execute("CREATE TABLE large AS SELECT i, hash(i) AS h FROM range(3000000) t(i)")
            assert list((tmp_path / name).iterdir())
        instance.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes_begin_with_one_that_has_no_threads_and_use_all_processors(tmp_path: Path) -> None:
    make_ready()
    make_ready()
    (made,) = instances._idle
    assert made.execute("SELECT current_setting('threads')").fetchone() == (1,)
    told = [_forked(tmp_path / name) for name in ("one", "other")]
    (wanted,) = duckdb.connect().execute(_THREADS).fetchone() or ()
    assert [threads for threads, _ in told] == [str(wanted)] * 2
    assert len({drawn for _, drawn in told}) == 2


_THREADS = "SELECT current_setting('threads')"


def _forked(folder: Path) -> tuple[str, str]:
    """What a forked process finds: its number of threads, and a random number."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            connection = Instance(folder).connect()
            connection.execute("CREATE TABLE numbers AS SELECT hash(i) AS h FROM range(1000000) t(i)")
            threads, drawn = connection.execute(f"SELECT ({_THREADS}), random()").fetchone() or ("", "")
            assert connection.execute("SELECT count(DISTINCT h) FROM numbers").fetchone() == (1_000_000,)
            os.write(writing, f"{threads} {drawn}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        threads, drawn = told.read().split()
    os.waitpid(pid, 0)
    return threads, drawn
