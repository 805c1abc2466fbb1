"""S3 against a server that speaks its protocol, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .outside import SECRET, connect
from .random_tables import TYPES, assert_values, on_random_tables

pytestmark = pytest.mark.soak

PLACE = {"connection_name": "lake", "bucket": "rows"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lake(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A file system with the bucket `rows`, which the connection `lake` knows."""
    import fsspec

    settings = {"key": "ann", "secret": SECRET, "endpoint_url": endpoint, "region": "us-east-1"}
    connect(monkeypatch, tmp_path, lake=settings)
    options = {"key": "ann", "secret": SECRET, "endpoint_url": endpoint}
    files = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False, **options)
    if not files.exists("rows"):
        files.mkdir("rows")
    return files


def read(jobs: Any, key: str, **arguments: Any) -> Any:
    return jobs.run([jobs.facet("INPUT.S3", "source", key=key, **{**PLACE, **arguments}), jobs.exported()])


def written(jobs: Any, content: str, key: str, **arguments: Any) -> Any:
    return jobs.run([jobs.imported(content), jobs.facet("OUTPUT.S3", "sink", key=key, **{**PLACE, **arguments})])


def test_csv_files_are_read_and_written_as_they_are(jobs: Any, lake: Any) -> None:
    content = 'zip,x,s\n007,1.50,"a,b"\n,,""\n'
    ended = written(jobs, content, "deep/er/it.csv")

    assert ended.message == ""
    assert lake.cat("rows/deep/er/it.csv").decode() == content
    again = read(jobs, "deep/er/it.csv")
    assert again.text() == content
    assert again.types() == {"zip": "TEXT", "x": "NUMERIC", "s": "TEXT"}


def test_what_was_written_is_read_again(jobs: Any, lake: Any) -> None:
    @on_random_tables(20)
    def check(table: Any) -> None:
        source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset(table.content, TYPES))
        sink = jobs.facet("OUTPUT.S3", "sink", key="it.csv", **PLACE)

        assert jobs.run([source, sink]).message == ""
        assert_values(read(jobs, "it.csv"), table.values)


def test_excel_files_are_read_and_written(jobs: Any, lake: Any) -> None:
    ended = written(jobs, "n,s\n1,a\n2,\n", "it.xlsx", file_type="xlsx")

    assert ended.message == ""
    assert read(jobs, "it.xlsx", file_type="xlsx").rows() == [["n", "s"], ["1", "a"], ["2", ""]]


@pytest.mark.parametrize(
    ("key", "arguments", "reason"),
    [
        ("none.csv", {}, "connection 'lake' failed to read 'rows/none.csv': "),
        (
            "none.csv",
            {"connection_name": "lke"},
            "there is no connection 'lke'; did you mean 'lake'? There is: 'lake'.",
        ),
        ("none.xls", {"file_type": "xls"}, "the local platform does not know the old format xls"),
        ("bad.csv", {}, "'rows/bad.csv' is no table: The row in line 3 has 1 value, but the header has 2 values"),
        ("bad.csv", {"file_type": "xlsx"}, "'rows/bad.csv' cannot be read as an Excel file"),
    ],
)
def test_what_cannot_be_read_is_told(jobs: Any, lake: Any, key: str, arguments: dict[str, Any], reason: str) -> None:
    lake.pipe("rows/bad.csv", b"a,b\n1,2\n3\n")
    ended = read(jobs, key, **arguments)

    assert reason in ended.message
    assert SECRET not in ended.message
