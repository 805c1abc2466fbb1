"""What scripts see, what they leave, and how they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .scripts import CONTENT, failure, run_script


def test_columns_have_the_types_that_reading_the_file_would_give(jobs: Any) -> None:
    ended = run_script(jobs, "print(data.dtypes.to_dict()); result = data")

    for expected in (
        "'n': dtype('int64')",
        "'some': Int64Dtype()",
        "'x': dtype('float64')",
        "'flag': dtype('bool')",
        "'nothing': dtype('float64')",
    ):
        assert expected in ended.printed


def test_what_a_script_does_not_touch_stays_as_it_was(jobs: Any) -> None:
    header, *rows = run_script(jobs, "result = data").rows()

    assert header == CONTENT.splitlines()[0].split(",")
    assert rows == [["1", "5", "1.5", "007", "true", "2013-01-01", ""], ["2", "", "", "010", "false", "", ""]]


def test_whole_numbers_stay_whole_when_rows_without_a_value_come_in(jobs: Any) -> None:
    ended = run_script(jobs, "result = data[['n']].reindex([0, 1, 2])")

    assert ended.rows() == [["n"], ["1"], ["2"], [""]]
    assert ended.outputs[0]["columns"]["n"]["data_formats"] == {"numeric_format": "INTEGER"}


def test_big_whole_numbers_keep_their_digits_beside_missing_ones(jobs: Any) -> None:
    content = "k,n\na,9007199254740993\nb,\n"

    assert run_script(jobs, "result = data", content).text() == content


def test_text_keeps_quotes_line_feeds_and_empty_apart_from_missing(jobs: Any) -> None:
    content = 'a,b\n"x,""y""\nz",1\n,2\n"",3\n"carriage\rreturn",4\nnäïve 🎈,5\n'

    assert run_script(jobs, "result = data", content).text() == content


def test_text_that_looks_like_numbers_stays_text(jobs: Any) -> None:
    ended = run_script(jobs, "result = data[['n']].astype(str)")

    assert ended.types() == {"n": "TEXT"}


def test_keys_in_a_named_index_are_columns(jobs: Any) -> None:
    ended = run_script(jobs, "result = data.groupby('zip')[['n']].sum()")

    assert ended.rows() == [["zip", "n"], ["007", "1"], ["010", "2"]]


def test_a_result_without_rows(jobs: Any) -> None:
    assert run_script(jobs, "result = data[data['n'] > 5][['n', 'zip']]").rows() == [["n", "zip"]]


def test_mixed_values_and_names_become_text(jobs: Any) -> None:
    script = "import pandas as pd\nresult = pd.DataFrame({1: [1, 'a', None], 'b': [[1, 2], {'k': 1}, True]})"

    assert run_script(jobs, script).rows() == [["1", "b"], ["1", "[1, 2]"], ["a", "{'k': 1}"], ["", "True"]]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("a = 1\nb = a / 0\n", "ZeroDivisionError: division by zero (line 2: b = a / 0)"),
        ("result = data['missing']", "KeyError: 'missing' (line 1: result = data['missing'])"),
        (
            "def f():\n    raise ValueError('no good')\n\nf()",
            "ValueError: no good (line 2: raise ValueError('no good'))",
        ),
        ("result = (", "SyntaxError: '(' was never closed (line 1: result = ()"),
        ("import no_such_thing", "No module named 'no_such_thing' (line 1: import no_such_thing)"),
        ("raise SystemExit('enough')", "SystemExit: enough (line 1: raise SystemExit('enough'))"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (line 1: raise KeyboardInterrupt)"),
        ("x = 1", "the script left nothing in `result`; assign a DataFrame to it"),
        ("result = data['n']", "`result` is a Series; make it a DataFrame"),
        ("result = None", "`result` is a NoneType; make it a DataFrame"),
        ("result = data[[]]", "`result` has no columns; leave at least one"),
        ("result = data[['n', 'n']]", "column name 'n' occurs 2 times"),
        ("result = data.rename(columns={'n': ''})", "has no name"),
        ("import os\nos._exit(3)", "the script's process ended with exit code 3 and left no result"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "the script's process ended with signal SIGSEGV"),
    ],
)
def test_a_failing_script_says_what_and_where(jobs: Any, script: str, message: str) -> None:
    assert message in failure(jobs, script)


def test_what_is_printed_is_kept_also_when_the_script_fails(jobs: Any) -> None:
    ended = run_script(jobs, "import sys\nprint('before')\nprint('aside', file=sys.stderr)\n1 / 0")

    assert ended.status == "FAILED"
    assert {"before", "aside"} <= set(ended.printed.splitlines())


def test_of_very_much_that_is_printed_the_end_is_kept(jobs: Any) -> None:
    ended = run_script(jobs, "print('begin', 200_000 * 'x', 'end'); result = data")

    assert ended.printed.endswith("x end\n")
    assert "left out" in ended.printed
    assert "begin" not in ended.printed
    assert len(ended.printed) < 101_000


def test_an_indented_script_is_a_script(jobs: Any) -> None:
    assert run_script(jobs, "\n    import math\n    result = data[['n']]\n").rows() == [["n"], ["1"], ["2"]]


def test_scripts_are_refused_with_the_reason_and_the_remedy(jobs: Any) -> None:
    message = failure(jobs, "result = data", script_access="refused")

    assert "other users" in message
    assert "--unconfined-scripts" in message


def test_a_script_that_takes_too_much_memory_fails_and_says_so(jobs: Any) -> None:
    message = failure(jobs, "block = bytearray(2 << 30)\nresult = data", script_memory_bytes=1 << 30)

    assert message == "the data and the script need more memory than 1024 MiB"


def test_credentials_and_environment_stay_outside(jobs: Any, tmp_path: Path) -> None:
    script = "import os\nprint(sorted(os.environ))\nresult = data"
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.PYTHON", "script", script=script), jobs.exported()]
    arrows = [jobs.arrow(facets[0], facets[1]), jobs.arrow(facets[1], facets[2])]
    environment = {
        "IKIGAI_API_KEY": "secret",
        "IKIGAI_USER_EMAIL": "a@b.example",
        "PYTHONSTARTUP": "x",
        "MY_TOKEN": "t",
    }

    ended = jobs.run_definition({"facets": facets, "arrows": arrows}, environment=environment)

    assert ended.status == "SUCCESS"
    for name in environment:
        assert name not in ended.printed


def test_libraries_have_to_be_installed(jobs: Any) -> None:
    def run(libraries: list[str]) -> Any:
        facet = jobs.facet("MID.PYTHON", "script", script="result = data", libraries=libraries)
        return jobs.transform("a\n1\n", facet)

    assert run(["pandas>=2", "PyYAML"]).status == "SUCCESS"
    missing = run(["no-such-library==1.0"])
    assert missing.facet_id == "script"
    assert "library 'no-such-library==1.0' is not installed" in missing.message


def test_two_scripts_draw_different_random_numbers(jobs: Any) -> None:
    draw = "import numpy, random; print(numpy.random.random(), random.random()); result = data"

    first, second = (run_script(jobs, draw).printed.split() for _ in range(2))

    assert first[0] != second[0]
    assert first[1] != second[1]
