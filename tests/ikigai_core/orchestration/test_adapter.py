"""The adapter that the documentation shows runs a flow once, whatever becomes of its process."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, Flow
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import RunReport, RunStore, UnusableFieldError
from ikigai_core.orchestration.testing import RunStoreContract

PAGE = Path(__file__).resolve().parents[3] / "docs" / "orchestration.md"
ADAPTER = re.findall(r"^```python plain\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0]


@pytest.fixture(scope="module")
def adapter() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(ADAPTER, str(PAGE), "exec"), names)
    return names


@pytest.fixture
def flow(app: App, document: dict[str, Any], flights: pd.DataFrame) -> Flow:
    app.dataset.new("flights").df(flights).build()
    return app.flow.new("late").definition(document).build()


@pytest.fixture
def attempt(
    adapter: dict[str, Any], flow: Flow, app: App, ikigai_local: LocalAccount, tmp_path: Path
) -> Callable[..., RunReport]:
    """One try of the task."""
    connection = {"user_email": ikigai_local.user_email, "api_key": ikigai_local.api_key, "base_url": ikigai_local.url}

    def make(number: int, **options: Any) -> RunReport:
        store = adapter["FileStore"](tmp_path / "note", number)
        report: RunReport = adapter["run_flow"](connection, app.name, "late", store, **options)
        return RunReport.from_dict(report.to_dict())

    return make


class TestFileStore(RunStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, adapter: dict[str, Any], tmp_path: Path) -> None:
        self.make, self.folder = adapter["FileStore"], tmp_path

    def a_try(self, work: str, number: int) -> RunStore:
        store: RunStore = self.make(self.folder / work, number)
        return store


def test_a_try_after_a_death_returns_the_run_of_the_first(attempt: Callable[..., RunReport], flow: Flow) -> None:
    first = attempt(1, variables={"output": "mine"}, timeout=60)
    assert (first.is_success, first.outputs, first.picked_up) == (True, ["mine"], False)
    second = attempt(2, variables={"output": "mine"}, timeout=60)
    assert (second.log, second.picked_up) == (first.log, True)
    assert len(flow.run_logs(10)) == 1


def test_a_run_that_goes_on_is_followed_by_the_next_try(
    attempt: Callable[..., RunReport], flow: Flow, ikigai_local: LocalAccount
) -> None:
    ikigai_local.control.outcome(duration=2.0)
    first = attempt(1, timeout=0.5)
    assert (first.error, first.transient, first.is_over) == ("RunTimeoutError", False, False)
    assert attempt(2, timeout=60).is_success
    assert len(flow.run_logs(10)) == 1


def test_a_try_after_a_failure_starts_anew(
    attempt: Callable[..., RunReport], flow: Flow, ikigai_local: LocalAccount
) -> None:
    ikigai_local.control.outcome(status="FAILED", message="no column", times=1)
    first = attempt(1)
    assert (first.error, first.is_over) == ("RunFailedError", True)
    assert attempt(2).is_success
    assert len(flow.run_logs(10)) == 2


def test_what_is_unusable_or_missing_is_told_by_its_name(
    adapter: dict[str, Any], attempt: Callable[..., RunReport], flow: Flow, tmp_path: Path
) -> None:
    with pytest.raises(UnusableFieldError, match="not a field of a connection. Did you mean 'base_url'"):
        adapter["run_flow"]({"base_ulr": "x"}, "app", "flow", adapter["FileStore"](tmp_path / "note", 1))
    flow.rename("early")
    report = attempt(1)
    assert (report.error, report.flow_name, report.run) == ("NotFoundError", "late", None)


def test_the_adapter_is_short() -> None:
    statements = [node for node in ast.parse(ADAPTER).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    lines = [line for node in statements for line in ast.unparse(node).splitlines() if line.strip()]
    assert len(lines) <= 40
