"""A file of data is read once, in bounded memory, and what cannot be counted is not guessed."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from ikigai_core.orchestration import DataProfile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.csv"


def profile_of(file: Path, content: bytes, rows: int = 0) -> DataProfile:
    file.write_bytes(content)
    profile = DataProfile.of_file(file, preview_rows=rows)
    assert profile.digest == sha256(content).hexdigest()
    return profile


def test_rows_empty_values_and_the_first_rows_are_told(file: Path) -> None:
    content = 'flight,delay\n007,5\n"Zürich, by\nnight",\n,"a ""b"""\n'.encode()
    profile = profile_of(file, content, rows=2)
    assert profile.row_count == 3
    assert profile.preview == [{"flight": "007", "delay": "5"}, {"flight": "Zürich, by\nnight", "delay": ""}]
    assert profile.empty_values == {"flight": 1, "delay": 1}
    assert profile_of(file, content).preview == []


def test_values_are_shown_as_the_data_have_them(file: Path) -> None:
    profile = profile_of(file, b"a,b,c\n1.50,True,2020-01-01\nNULL,nan,NA\n", rows=5)
    assert profile.preview == [{"a": "1.50", "b": "True", "c": "2020-01-01"}, {"a": "NULL", "b": "nan", "c": "NA"}]
    assert profile.empty_values == {"a": 0, "b": 0, "c": 0}
    assert profile_of(file, b"a\n" + b"x" * 500, rows=1).preview == [{"a": "x" * 200 + "…"}]


def test_rows_are_counted_over_many_blocks(file: Path) -> None:
    with file.open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["n", "text", "empty"])
        writer.writerows([number, f"some, text {number}\nin two lines", ""] for number in range(150_000))
    assert file.stat().st_size > 5e6
    profile = DataProfile.of_file(file, preview_rows=2)
    assert profile.row_count == profile.empty_values["empty"] == 150_000
    assert [row["n"] for row in profile.preview] == ["0", "1"]
    assert profile.digest == sha256(file.read_bytes()).hexdigest()


def test_a_file_of_nothing_and_one_of_a_header_have_no_rows(file: Path) -> None:
    assert profile_of(file, b"").row_count == 0
    assert profile_of(file, b"a,b\n", rows=5) == DataProfile(0, sha256(b"a,b\n").hexdigest(), [], {"a": 0, "b": 0})


@pytest.mark.parametrize("broken", [b"a,b\n1,2\n3\n", b"a,\xff\n1,2\n", b"a,b\n" + b"x" * 10_000_000 + b",1\n"])
def test_what_is_no_table_is_not_counted_and_has_a_digest(broken: bytes, file: Path) -> None:
    profile = profile_of(file, broken, rows=5)
    assert (profile.row_count, profile.preview, profile.empty_values) == (None, [], {})


def test_a_table_that_breaks_late_is_not_counted(file: Path) -> None:
    assert profile_of(file, b"a,b\n" + b"1,2\n" * 2_000_000 + b"3\n").row_count is None


def test_text_in_another_encoding_is_counted(file: Path) -> None:
    profile = profile_of(file, b"a,b\n\xfcber,1\n", rows=1)
    assert (profile.row_count, profile.preview) == (1, [{"a": "\ufffdber", "b": "1"}])


def test_a_parquet_file_is_read_as_one(tmp_path: Path) -> None:
    file = tmp_path / "data.parquet"
    pd.DataFrame({"n": [1, 2, 3], "text": ["a", None, "c"]}).to_parquet(file)
    profile = DataProfile.of_file(file, preview_rows=2)
    assert (profile.row_count, profile.empty_values) == (3, {"n": 0, "text": 1})
    assert profile.preview == [{"n": "1", "text": "a"}, {"n": "2", "text": ""}]
    assert profile.digest == sha256(file.read_bytes()).hexdigest()


MEASURE = """
import resource, sys
from pathlib import Path
from ikigai_core.orchestration import DataProfile

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
small, large = map(Path, sys.argv[1:])
DataProfile.of_file(small, preview_rows=5)
before = peak()
assert DataProfile.of_file(large, preview_rows=5).row_count
print(peak() - before)
"""


@pytest.mark.skipif(not hasattr(resource, "RUSAGE_SELF"), reason="the system does not tell")
def test_memory_does_not_grow_with_the_data(tmp_path: Path) -> None:
    line = b"1," + b"some text that is not short," * 8 + b"2\n"
    sizes = {"small.csv": 60_000, "large.csv": 400_000}
    for name, lines in sizes.items():
        (tmp_path / name).write_bytes(b",".join(b"c%d" % number for number in range(10)) + b"\n" + line * lines)
    assert (tmp_path / "large.csv").stat().st_size > 85e6
    command = [sys.executable, "-c", MEASURE, *(str(tmp_path / name) for name in sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 40_000, "KiB more for 90 MB of data"
