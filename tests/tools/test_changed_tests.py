"""`make test-changed` runs what a change can break, and leaves out what it cannot."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def changed_tests() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("changed_tests", ROOT / "tools" / "changed_tests.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = list(sys.path)
    sys.path[:0] = [str(ROOT), *map(str, (ROOT / "integrations").iterdir())]
    yield module
    sys.path[:] = before


def selected(changed_tests: ModuleType, *files: str) -> set[str]:
    return {test for tests in changed_tests.tests_for(files).values() for test in tests}


@pytest.mark.parametrize(
    ("file", "run", "left_out"),
    [
        ("ikigai_core/cli/apps.py", "tests/ikigai_core/cli/test_root.py", "tests/ikigai_core/transfer/test_ranges.py"),
        ("ikigai_core/runs/copies.py", "tests/ikigai_core/runs/test_copies.py", "tests/tools/test_supervise.py"),
        ("docs/airflow.md", "tests/docs/test_code_blocks.py", "tests/ikigai_core/runs/test_copies.py"),
        ("docs/prefect.md", "tests/prefect_ikigai/test_documents.py", "tests/prefect_ikigai/runs/test_tries.py"),
        ("examples/demo/runner.py", "tests/examples/test_demo.py", "tests/ikigai_core/runs/test_copies.py"),
        ("examples/dagster_app.py", "tests/dagster_ikigai/test_example.py", "tests/dagster_ikigai/test_run_store.py"),
        (
            "tests/ikigai_core/runs/conftest.py",
            "tests/ikigai_core/runs/test_start.py",
            "tests/ikigai_core/test_logs.py",
        ),
    ],
)
def test_a_change_runs_what_it_can_break(changed_tests: ModuleType, file: str, run: str, left_out: str) -> None:
    assert (ROOT / run).exists()
    assert (ROOT / left_out).exists()
    found = selected(changed_tests, file)
    assert run in found
    assert left_out not in found


@pytest.mark.parametrize("file", ["Makefile", "constraints/core.txt", "tests/conftest.py"])
def test_what_concerns_everything_runs_everything(changed_tests: ModuleType, file: str) -> None:
    assert set(changed_tests.tests_for([file])) == set(changed_tests.SUITES)


def test_no_module_can_break_without_a_test(changed_tests: ModuleType) -> None:
    homes = [ROOT / "ikigai_core", *(ROOT / "integrations").glob("*/*_*")]
    paths = [path.relative_to(ROOT) for home in homes for path in home.rglob("*.py") if path.read_text().strip()]
    assert len(paths) > 300
    assert [str(path) for path in paths if not selected(changed_tests, str(path))] == []
