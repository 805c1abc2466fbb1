"""Dagster as it is deployed: an instance, a code server, a webserver and a daemon, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import dagster as dg

from tests.dagster_ikigai import forks

forks.with_imports("dagster._daemon.cli", "dagster_webserver.cli")

T = TypeVar("T")
DEADLINE = 300.0
LOCATION_FILE = Path(__file__).with_name("location.py")
SETTINGS = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_retries: {enabled: true, max_retries: 2}
run_monitoring: {enabled: true, poll_interval_seconds: 2, free_slots_after_run_end_seconds: 1}
concurrency: {pools: {default_limit: 1}, runs: {max_concurrent_runs: 5}}
"""
LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message } ... on RunConfigValidationInvalid { errors { message } } }
}"""
BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message } }
}"""
EXECUTE_AGAIN = """
mutation ($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) { __typename ... on PythonError { message } }
}"""
TERMINATE = "mutation ($run: String!) { terminateRun(runId: $run) { __typename } }"
LOCATION = {"repositoryLocationName": "test", "repositoryName": "__repository__"}


def until(found: Callable[[], T | None], what: str, patience: float = DEADLINE) -> T:
    """The first answer that is neither None nor empty."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        time.sleep(0.25)
    raise AssertionError(f"In {patience:.0f} s there was no {what}")


class DagsterServers:
    """A running deployment; a context manager that ends it.

    Parameters
    ----------
    folder : Path
        Its `DAGSTER_HOME`.
    environment : mapping
    location : Path
        File of the code location.
    settings : str
        The instance's.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], location: Path = LOCATION_FILE, settings: str = SETTINGS
    ) -> None:
        self.home = folder
        self._location = location
        self._processes: list[ForkServerProcess] = []
        self._code_port, self._web_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._web_port}"
        own = {"DAGSTER_HOME": str(folder), "TEST_WEBSERVER": self.url, "PYTHONWARNINGS": "ignore"}
        self._environment = {**os.environ, **environment, **own}
        (folder / "dagster.yaml").write_text(settings)
        server = f"- grpc_server: {{host: localhost, port: {self._code_port}, location_name: test}}"
        (folder / "workspace.yaml").write_text(f"load_from:\n{server}\n")

    def __enter__(self) -> Self:
        try:
            self._start("dagster", "api", "grpc", "-p", str(self._code_port), "-f", str(self._location))
            until(self._is_code_up, "code server")
            self._start("dagster-webserver", *self._workspace, "-p", str(self._web_port))
            self._start_daemon()
            until(self._is_up, "webserver with the code location")
        except BaseException:
            self.stop()
            raise
        self.instance = dg.DagsterInstance.from_config(str(self.home))
        return self

    def __exit__(self, *_: object) -> None:
        self.instance.dispose()
        self.stop()

    def stop(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(10)
            assert process.pid is not None
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()

    until = staticmethod(until)

    def said(self) -> str:
        """What the servers logged."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.home.glob("*.log")))

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL document; the value of its only field."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            data=json.dumps({"query": text, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = json.load(answer)
        assert "errors" not in content, content
        [value] = content["data"].values()
        assert isinstance(value, dict)
        return value

    def launch(
        self,
        key: dg.AssetKey,
        executor: Literal["in_process", "multiprocess"] = "in_process",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Materialize an asset as the UI does; id of the run. A partition is named by a tag."""
        selector = {**LOCATION, "pipelineName": "__ASSET_JOB", "assetSelection": [{"path": key.path}]}
        config = {"execution": {"config": {executor: {}}}}
        params = {"selector": selector, "mode": "default", "runConfigData": config}
        told = {"tags": [{"key": name, "value": value} for name, value in (tags or {}).items()]}
        answer = self.query(LAUNCH, params={**params, "executionMetadata": told})
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def execute_again(self, run_id: str) -> None:
        """Execute a run again as the UI does."""
        answer = self.query(EXECUTE_AGAIN, params={"parentRunId": run_id, "strategy": "ALL_STEPS"})
        assert answer["__typename"] == "LaunchRunSuccess", answer

    def restart_daemon(self) -> None:
        """Kill the daemon, and start another."""
        daemon = self._processes.pop()
        daemon.kill()
        daemon.join()
        self._start_daemon()

    def backfill(self, key: dg.AssetKey, partitions: list[str]) -> str:
        """Materialize partitions as the UI does; id of the backfill."""
        answer = self.query(BACKFILL, params={"assetSelection": [{"path": key.path}], "partitionNames": partitions})
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def terminate(self, run_id: str) -> None:
        """Terminate a run as the UI does."""
        assert self.query(TERMINATE, run=run_id)["__typename"] == "TerminateRunSuccess"

    def finished(self, run_id: str) -> dg.DagsterRun:
        """The run, once it has ended."""

        def look() -> dg.DagsterRun | None:
            run = self.instance.get_run_by_id(run_id)
            return run if run is not None and run.is_finished else None

        return until(look, f"end of run {run_id}")

    def await_message(self, run_id: str, text: str) -> str:
        """The first message of a run that has a text in it."""
        return until(lambda: self._message(run_id, text), f"message {text!r} of run {run_id}")

    def await_retry(self, run_id: str) -> dg.DagsterRun:
        """The run by which the daemon retries a failed one."""

        def look() -> list[dg.DagsterRun]:
            self._have_failure_judged(run_id)
            return list(self.instance.get_runs(dg.RunsFilter(tags={"dagster/parent_run_id": run_id})))

        [retry] = until(look, f"retry of run {run_id}")
        return retry

    def await_verdict(self, run_id: str, text: str) -> None:
        """Wait until the daemon has said about a failed run why it does not retry it."""

        def look() -> str | None:
            self._have_failure_judged(run_id)
            return self._message(run_id, text)

        until(look, f"message {text!r} of run {run_id}")

    def step_failure(self, run_id: str) -> str:
        """What the only step of a run that failed said."""
        failures = {dg.DagsterEventType.STEP_FAILURE}
        [entry] = until(lambda: self.instance.all_logs(run_id, of_type=failures), f"failed step of run {run_id}")
        return str(entry.get_dagster_event().step_failure_data.error_display_string)

    def await_in_cursor(self, text: str) -> None:
        """Wait until the sensor's cursor has a text in it."""
        until(
            lambda: text in str([state.instigator_data for state in self.instance.all_instigator_state()]),
            f"tick of the sensor that saw {text}",
        )

    def process_ids(self, run_id: str) -> list[int]:
        """Process ids of a run's worker and of its steps' subprocesses."""
        types = {dg.DagsterEventType.ENGINE_EVENT, dg.DagsterEventType.STEP_WORKER_STARTED}
        entries = self.instance.all_logs(run_id, of_type=types)
        told = [entry.get_dagster_event().event_specific_data.metadata.get("pid") for entry in entries]
        return list(dict.fromkeys(int(pid.value) for pid in told if pid is not None))

    def materializations(self, key: dg.AssetKey) -> list[dg.AssetMaterialization]:
        """All materializations of an asset, newest first."""
        records = self.instance.fetch_materializations(key, limit=100).records
        events = [record.event_log_entry.asset_materialization for record in records]
        return [event for event in events if event is not None]

    def _message(self, run_id: str, text: str) -> str | None:
        messages = (entry.user_message or entry.message for entry in self.instance.all_logs(run_id))
        return next((message for message in messages if text in message), None)

    def _have_failure_judged(self, run_id: str) -> None:
        """Send the daemon back to a run's failure if it is beyond it.

        Dagster stores the event of a failure first, then marks the run as failed. A daemon that reads in between takes
        the run for one that still runs, and never comes back. One that has judged the run does nothing anew.
        """
        cursors, name = self.instance.daemon_cursor_storage, "EVENT_LOG_CONSUMER_CURSOR-PIPELINE_FAILURE"
        failures = self.instance.event_log_storage.get_logs_for_all_runs_by_log_id(
            dagster_event_type=dg.DagsterEventType.RUN_FAILURE
        )
        number = next((number for number, event in failures.items() if event.run_id == run_id), None)
        if number is not None and int(cursors.get_cursor_values({name}).get(name, 0)) >= number:
            cursors.set_cursor_values({name: str(number - 1)})

    @property
    def _workspace(self) -> list[str]:
        return ["-w", str(self.home / "workspace.yaml")]

    def _start_daemon(self) -> None:
        self._start("dagster-daemon", "run", *self._workspace)

    def _start(self, name: str, *arguments: str) -> None:
        log = self.home / f"{name}.log"
        self._processes.append(
            forks.start(forks.command, name, *arguments, environment=self._environment, folder=self.home, log=log)
        )

    def _is_code_up(self) -> bool:
        for process in self._processes:
            assert process.is_alive(), self.said()
        return is_open(self._code_port)

    def _is_up(self) -> bool:
        if not self._is_code_up() or not is_open(self._web_port):
            return False
        answer = self.query("{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }")
        return [entry["loadStatus"] for entry in answer["locationEntries"]] == ["LOADED"]


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True
