from __future__ import annotations

import json
import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine.script_access import ScriptAccess, can_confine


@pytest.fixture(autouse=True)
def worker_in_its_own_process(jobs: Any) -> None:
    jobs.own_process = True


def late_flights(jobs: Any, rows: int) -> list[Any]:
    chance = random.Random(1)
    lines = [f"{number},{chance.choice(['AA', 'UA'])},{chance.randint(-20, 300)}" for number in range(rows)]
    return [
        jobs.imported("flight,carrier,dep_delay\n" + "\n".join(lines), "flights", file_type="csv", header=True),
        jobs.facet("MID.FILTER", "late", column_name="dep_delay", condition="greater_than", value="60"),
        jobs.facet("MID.SORT", target_columns=["dep_delay"], ascending=False),
        jobs.exported("out", "late flights", file_type="csv", header=True),
    ]


def test_a_flow_filters_sorts_and_exports(jobs: Any) -> None:
    ended = jobs.run(late_flights(jobs, 6_000))

    assert (ended.status, ended.message, ended.facet_id) == ("SUCCESS", "", "")
    output = ended.outputs[0]
    assert (output["facet_id"], output["dataset_name"], output["file_type"]) == ("out", "late flights", "csv")
    header, *rows = ended.rows()
    assert header == ["flight", "carrier", "dep_delay"]
    delays = [int(row[2]) for row in rows]
    assert len(rows) == output["rows"] > 1_000
    assert delays == sorted(delays, reverse=True)
    assert min(delays) == 61


def test_a_small_flow_is_quick_and_needs_no_pandas(jobs: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "without" / "pandas").mkdir(parents=True)
    (tmp_path / "without" / "pandas" / "__init__.py").write_text("raise ImportError('pandas is not wanted here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "without"), prepend=":")
    facets = late_flights(jobs, 6_000)

    began = time.monotonic()
    ended = jobs.run(facets)

    assert ended.status == "SUCCESS"
    # Typically 0.3 s; a busy machine may take longer.
    assert time.monotonic() - began < 5


def test_progress_leaves_room_for_keeping_outputs_and_only_results_are_left(jobs: Any) -> None:
    ended = jobs.run(late_flights(jobs, 10))

    assert json.loads((ended.folder / "progress.json").read_text()) == {
        "progress": 80,
        "message": "Keeping the outputs",
    }
    left = {path.name for path in ended.folder.iterdir()}
    assert left == {"facets.jsonl", "job.json", "outputs", "progress.json", "result.json"}


def test_progress_names_the_facet_at_work(jobs: Any, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    spy = f"import shutil; shutil.copy('../progress.json', {str(seen)!r}); result = data"
    facets = [*late_flights(jobs, 10)[:3], jobs.facet("MID.PYTHON", "spy", script=spy), jobs.exported()]

    assert jobs.run(facets, parameters={"script_access": ScriptAccess.OPEN}).status == "SUCCESS"

    assert json.loads(seen.read_text()) == {"progress": 50, "message": "Running Python 'spy'"}


def test_one_flow_may_export_several_datasets(jobs: Any) -> None:
    source = jobs.imported("a\n1\n2\n")
    first, second = jobs.exported("first", "one", directory="folder"), jobs.exported("second", "two", header=False)

    ended = jobs.run([source, first, second], [jobs.arrow(source, first), jobs.arrow(source, second)])

    assert [(out["dataset_name"], out["directory"], out["header"]) for out in ended.outputs] == [
        ("one", "folder", True),
        ("two", "", False),
    ]
    assert ended.rows(0) == [["a"], ["1"], ["2"]]
    assert ended.rows(1) == [["1"], ["2"]]


def test_a_failing_flow_exports_nothing(jobs: Any) -> None:
    source = jobs.imported("a\n1\n")
    good, bad = jobs.exported("good"), jobs.facet("MID.SORT", "bad", target_columns=["b"])
    after = jobs.exported("after")
    arrows = [jobs.arrow(source, good), jobs.arrow(source, bad), jobs.arrow(bad, after)]

    ended = jobs.run([source, good, bad, after], arrows)

    assert (ended.status, ended.facet_id, ended.outputs) == ("FAILED", "bad", [])


def test_a_later_flow_can_import_what_an_earlier_one_exported(jobs: Any) -> None:
    text = 'name,note\n007,"semi;colon, and ""quotes"""\n,\n'
    once = jobs.transform(text)

    again = jobs.transform(once.text())

    assert again.text() == once.text() == text


@pytest.mark.parametrize(
    "definition",
    [
        None,
        "flow",
        [],
        {"facets": "all"},
        {"facets": [None]},
        {"facets": [{}]},
        {"facets": [{"facet_id": "1"}]},
        {"facets": [{"facet_id": "1", "facet_uid": "I_005", "arguments": []}]},
        {"facets": [{"facet_id": "1", "facet_uid": "I_005", "arguments": ["x"]}]},
        {"facets": [{"facet_id": ["1"], "facet_uid": {"a": 1}, "name": 5}], "arrows": [1], "variables": 3},
    ],
)
def test_whatever_the_definition_holds_the_worker_leaves_a_clear_failure(jobs: Any, definition: Any) -> None:
    ended = jobs.run_definition(definition)

    assert ended.status == "FAILED"
    assert ended.message
    assert "Traceback" not in ended.message
    assert "local platform failed" not in ended.message


def test_a_job_that_cannot_be_read_still_leaves_a_result(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{")

    subprocess.run([sys.executable, "-m", "ikigai_core.local.engine.worker", str(tmp_path)], check=True)

    result = json.loads((tmp_path / "result.json").read_text())
    assert result["status"] == "FAILED"
    assert "JSONDecodeError" in result["message"]


@pytest.mark.parametrize(
    "access",
    [
        ScriptAccess.OPEN,
        pytest.param(ScriptAccess.CONFINED, marks=pytest.mark.skipif(not can_confine(), reason="no user namespaces")),
    ],
)
def test_a_killed_worker_takes_its_script_along(jobs: Any, tmp_path: Path, access: str) -> None:
    mark = f"mark-{secrets.token_hex(8)}"
    script = f"""
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", {mark!r}], start_new_session=True)
        time.sleep(1000)
    """
    facets = [jobs.facet("INPUT.PYTHON", "endless", script=script), jobs.exported()]
    folder = tmp_path / "job"
    folder.mkdir()
    definition = {"facets": facets, "arrows": [jobs.arrow(*facets)]}
    job = {"definition": definition, "inputs": {}, "parameters": {"script_access": access}}
    (folder / "job.json").write_text(json.dumps(job))
    worker = subprocess.Popen([sys.executable, "-m", "ikigai_core.local.engine.worker", str(folder)])
    try:
        wait_until(lambda: is_running(mark))
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    wait_until(lambda: not is_running(mark))
    assert not (folder / "result.json").exists()


def wait_until(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def is_running(mark: str) -> bool:
    """Whether there is a process, other than a zombie, with this text in its command line."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in file.read_bytes():
                return True
        except OSError:
            continue
    return False
