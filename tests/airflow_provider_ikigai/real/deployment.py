"""A whole Airflow with its platform, as the tests deal with it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import pandas as pd

from ikigai_core import App, Flow
from ikigai_core.local.control import BegunRun
from ikigai_core.local.process import LocalPlatform
from tests.chaos.proxy import FaultingProxy

UNDER_WAY = ("scheduled", "queued", "running", "deferred", "restarting", "up_for_retry", "up_for_reschedule")


def wait_until(condition: Callable[[], Any], complaint: Callable[[], str], seconds: float = 480.0) -> Any:
    """Wait for something to be true, and return it.

    The longer it has taken, the longer each pause is: Airflow's answers cost it much computing.
    """
    began = time.monotonic()
    while not (value := condition()):
        waited = time.monotonic() - began
        assert waited < seconds, complaint()
        time.sleep(min(0.4 + waited / 8, 4.0))
    return value


class Deployment:
    """An Airflow, the platform that it is connected to, a proxy before that, and the app that the scenarios use."""

    def __init__(self, airflow: Any, platform: LocalPlatform, app: App, proxy: FaultingProxy) -> None:
        self.airflow = airflow
        self.proxy = proxy
        self.api = airflow.api
        self.platform = platform
        self.app = app

    # -- what Airflow says ---------------------------------------------------------------------------------------------

    def instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """A DAG run's task instances, mapped ones one by one."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self.api.get(path, limit="100", offset=str(len(found)))
            found += page["task_instances"]
            if len(found) >= page["total_entries"]:
                return found

    def instance(self, dag_id: str, run_id: str, task_id: str = "run") -> dict[str, Any]:
        """A task that is not mapped."""
        (found,) = (one for one in self.instances(dag_id, run_id) if one["task_id"] == task_id)
        return found

    def await_state(self, dag_id: str, run_id: str, wanted: str, task_id: str = "run") -> Any:
        """Wait for a task to be in a state, and return it."""

        def reached() -> Any:
            now = self.instance(dag_id, run_id, task_id)
            assert now["state"] in (wanted, None, *UNDER_WAY), f"{now}\n{self.log(dag_id, run_id, task_id)}"
            return now if now["state"] == wanted else None

        return wait_until(reached, lambda: str(self.instance(dag_id, run_id, task_id)))

    def await_count(self, count: int, dag_id: str, run_id: str, state: str, seconds: float) -> None:
        """Wait for so many task instances to be in a state."""

        def counted() -> int:
            path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
            return int(self.api.get(path, state=state, limit="1")["total_entries"])

        wait_until(lambda: counted() == count, lambda: f"{counted()} of {count} are {state}", seconds)

    def await_success(self, dag_id: str, run_id: str, seconds: float = 480) -> None:
        """Wait for a DAG run to end, and well."""
        states = ("success", "failed")
        state = wait_until(
            lambda: (now := self.api.dag_run_state(dag_id, run_id)) in states and now,
            lambda: str({(one["task_id"], one["map_index"]): one["state"] for one in self.instances(dag_id, run_id)}),
            seconds,
        )
        failed = [one for one in self.instances(dag_id, run_id) if one["state"] == "failed"]
        tell = [(one["task_id"], self.log(dag_id, run_id, one["task_id"], one["try_number"])) for one in failed[:2]]
        assert state == "success", tell

    def log(self, dag_id: str, run_id: str, task_id: str = "run", number: int = 1, map_index: int = -1) -> str:
        """What a task logged, in its worker and in the triggerer; empty where it has not come to that try."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{number}"
        try:
            return str(self.api.get(path, full_content="true", map_index=str(map_index))["content"])
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
            return ""

    def await_log(self, text: str, dag_id: str, run_id: str, number: int = 1) -> None:
        """Wait for a line in the log of the task ``run``, unless its try fails for good before."""

        def is_logged() -> bool:
            log = self.log(dag_id, run_id, number=number)
            assert text in log or "AirflowFailException" not in log, log
            return text in log

        wait_until(is_logged, lambda: self.log(dag_id, run_id, number=number))

    def kill_once_followed(self, dag_id: str, run_id: str) -> None:
        """Kill the process of the task ``run``, as soon as its note says which run of the platform it follows."""
        self.await_log(f"Flow {dag_id!r} is RUNNING", dag_id, run_id)
        os.kill(self.instance(dag_id, run_id)["pid"], signal.SIGKILL)

    def links(self, dag_id: str, run_id: str, task_id: str = "run") -> dict[str, str]:
        """The task's extra links, as the web pages show them."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/links"
        return dict(self.api.get(path)["extra_links"])

    def result(self, dag_id: str, run_id: str) -> str:
        """Id of the run whose result the task took."""
        return str(self.api.xcom(dag_id, run_id, "run")["run_log"]["log_id"])

    def mapped_result(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> dict[str, Any]:
        """What a mapped task returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        value: dict[str, Any] = self.api.get(path, map_index=str(map_index), deserialize="true")["value"]
        return value

    def check_last_metre(self, dag_id: str, run_id: str, tasks: int) -> None:
        """Each of so many tasks was killed, took another try, and has the one run that was begun for it."""
        instances = self.instances(dag_id, run_id)
        told = {}
        for one in instances:
            result = self.mapped_result(dag_id, run_id, one["task_id"], one["map_index"])
            assert (one["try_number"] >= 2, result["doubt"]) == (True, "")
            told[result["outputs"][0]] = result["run_log"]["log_id"]
        runs = self.begun("last_metre_")
        assert told == {run.variables["output"]: run.run_id for run in runs}
        assert len(instances) == len(runs) == tasks

    # -- what users and fate do ----------------------------------------------------------------------------------------

    def clear(self, dag_id: str, run_id: str) -> None:
        """Clear the task ``run``."""
        wanted = {"dag_run_id": run_id, "task_ids": ["run"], "only_failed": False, "dry_run": False}
        self.api.post(f"/dags/{dag_id}/clearTaskInstances", wanted)

    def restart_triggerer(self) -> None:
        """Kill the triggerer with all that it has started, and start another."""
        self._restart("triggerer")

    def restart_scheduler(self) -> None:
        """Kill the scheduler with all tasks that it has started, as if its machine had died, and start another."""
        self._restart("scheduler")

    def kill_servers(self) -> None:
        """Kill all servers: nobody wants what they would do for their end, which takes them many seconds."""
        for name in self.airflow.servers:
            self._kill(name)

    def _restart(self, name: str) -> None:
        self._kill(name)
        self.airflow.start(name)

    def _kill(self, name: str) -> None:
        server = self.airflow.servers[name]
        if server.is_running():
            for process in (*server.children(recursive=True), server):
                process.kill()
        server.wait()

    # -- what the platform says ----------------------------------------------------------------------------------------

    def run_ids(self, flow: str) -> list[str]:
        """Ids of all runs of a flow that have ended."""
        return [log.log_id for log in self.app.flows[flow].run_logs(100)]

    def begun(self, flow: str) -> list[BegunRun]:
        """The runs that ever began, of flows whose names begin so, and of their copies."""
        return [run for run in self.platform.control.runs() if run.flow_name.startswith(flow)]

    def make_flows(self, *names: str, script: str = "result = data") -> None:
        """Flows of a script, whose output a run may name."""
        self.app.dataset.new("numbers").df(pd.DataFrame({"value": [1, 2, 3]})).ensure()
        for name in names:
            self._make_flow(name, script)

    def _make_flow(self, name: str, script: str) -> Flow:
        table = {"file_type": "csv", "header": True}
        facets = {
            "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": table},
            "work": {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}},
            "out": {
                "type": "OUTPUT.Exported",
                "after": "work",
                "arguments": {"dataset_name": f"out of {name}", **table},
                "variables": {"output": "dataset_name"},
            },
        }
        return self.app.flow.new(name).definition({"facets": facets}).ensure()

    # -- figures -------------------------------------------------------------------------------------------------------

    def triggerer_cpu(self) -> float:
        """Seconds of CPU time that the triggerer has used."""
        triggerer = self.airflow.servers["triggerer"]
        times = [process.cpu_times() for process in (triggerer, *triggerer.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))
