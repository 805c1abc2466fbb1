"""``ikigai flows run``: start a flow, and follow the run to its end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ikigai_core.cli.connection import AppName, FlowName, connect
from ikigai_core.cli.interrupts import if_interrupted
from ikigai_core.cli.output import AsJson, details, emit, page
from ikigai_core.errors import RunFailedError

if TYPE_CHECKING:
    from ikigai_core.run_records import FlowStatusReport, RunLog
    from ikigai_core.runs.flow_run import FlowRun
    from ikigai_core.runs.reports import OnUpdate


class OnBusy(StrEnum):
    """Reaction if the flow is already running."""

    FAIL = "fail"
    WAIT = "wait"
    ATTACH = "attach"


class Isolation(StrEnum):
    """Run the flow itself, or a private copy."""

    SHARED = "shared"
    COPY = "copy"


class OnDoubt(StrEnum):
    """Reaction if it cannot be proven which run is this one."""

    FAIL = "fail"
    ACCEPT = "accept"


def run(
    context: typer.Context,
    app: AppName,
    flow: FlowName,
    var: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A run variable. Use NAME:=JSON for a JSON value. Repeatable."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Follow the run. Exit with 1 unless it succeeds.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Maximum seconds to wait for a busy flow and for the run's end.")
    ] = None,
    on_busy: Annotated[
        OnBusy, typer.Option(help="If the flow is already running: fail, wait until that run ends, or attach to it.")
    ] = OnBusy.FAIL,
    isolation: Annotated[
        Isolation, typer.Option(help="Run the flow itself, or a private copy, which is never busy. --watch deletes it.")
    ] = Isolation.SHARED,
    on_doubt: Annotated[
        OnDoubt, typer.Option(help="If it cannot be proven which run is this one: fail, or accept the most likely run.")
    ] = OnDoubt.FAIL,
    as_json: AsJson = False,
) -> None:
    """Run a flow. Without --watch, only start it; with --watch, follow the run and print its log."""
    variables = read_variables(var or ())
    with connect(context) as ikigai:
        wanted = ikigai.apps[app].flows[flow]
        began = time.monotonic()
        started = wanted.launch(
            variables,
            on_busy=on_busy.value,
            isolation=isolation.value,
            on_doubt=on_doubt.value,
            timeout=timeout,
        )
        if not watch:
            how = "runs already: attached to that run" if started.attached else "was started"
            emit(started.to_dict(), lambda: f"Flow {flow!r} {how}.", as_json=as_json)
            return
        left = None if timeout is None else max(round(timeout - (time.monotonic() - began), 1), 0.0)
        try:
            log = _follow(started, left)
        except RunFailedError as failure:
            _tell(started, failure.run_log, as_json=as_json)
            raise
    _tell(started, log, as_json=as_json)


def read_variables(assignments: Iterable[str]) -> dict[str, Any]:
    """Read run variables from ``name=text`` and ``name:=JSON``.

    Raises
    ------
    typer.BadParameter
        An argument is not an assignment, contains invalid JSON, or repeats a name.
    """
    variables: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":").strip()
        if not equals or not name:
            raise _unusable(f"{assignment!r} is not an assignment: write NAME=VALUE.")
        if name in variables:
            raise _unusable(f"{name!r} is given twice.")
        variables[name] = _json(name, value) if is_json else value
    return variables


def _json(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise _unusable(f"the value of {name!r} is not JSON ({error}). To pass text, write NAME=VALUE.") from None


def _unusable(text: str) -> typer.BadParameter:
    return typer.BadParameter(text, param_hint="--var")


def _follow(run: FlowRun, timeout: float | None) -> RunLog:
    goes_on = f"interrupted. The run of flow {run.flow_name!r} continues: the platform cannot stop runs."
    with if_interrupted(goes_on), _live(run.flow_name) as on_update:
        return run.result(timeout, on_update=on_update)


@contextmanager
def _live(title: str) -> Generator[OnUpdate]:
    """Show progress on standard error: a bar in a terminal, otherwise a line for each change."""
    if sys.stderr.isatty():
        from ikigai_core.runs.progress import progress_bar

        with progress_bar(title) as on_update:
            yield on_update
        return

    def say(report: FlowStatusReport) -> None:
        progress = "" if report.progress is None else f" {report.progress} %"
        sys.stderr.write(f"{title}: {report.status.value}{progress}\n")
        sys.stderr.flush()

    yield say


def _tell(run: FlowRun, log: RunLog, *, as_json: bool) -> None:
    ended = {
        "Flow": run.flow_name,
        "Status": log.status,
        "Ended": log.timestamp,
        "User": log.user,
        "Log id": log.log_id,
    }
    message = {"Message": log.data} if log.data else {}
    doubt = {"Doubt": run.doubt} if run.doubt else {}
    shown = {**ended, **message, **doubt, **page(run.web_url)}
    told = {"doubt": run.doubt} if run.doubt else {}
    emit({**log.model_dump(), **told}, lambda: details(shown), as_json=as_json)
