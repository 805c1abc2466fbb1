"""Run ``airflow_late_flights.py`` on a real Airflow: database, API server, scheduler, DAG processor and triggerer.

    python run_airflow.py --result FILE --work-dir DIR

The platform is named by IKIGAI_BASE_URL, IKIGAI_USER_EMAIL and IKIGAI_API_KEY. Everything that Airflow keeps is below
the work folder, all servers listen on loopback, and every process that is started here is ended here.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

EXAMPLES = Path(__file__).resolve().parent.parent
PRELOADING = EXAMPLES / "demo" / "preload_airflow.py"
DAG_ID = "late_flights"
RUN_TASK = "run_flow"
START_SECONDS = 400.0
SERVERS = {
    "api-server": ["--host", "127.0.0.1"],
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
}


def main() -> int:
    """Run the DAG once and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--result", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--work-dir", type=Path, required=True, help="an empty folder")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(f"Ended by {signal.Signals(number).name}."))
    try:
        result = run_late_flights(arguments.work_dir.resolve())
    except (RuntimeError, OSError, httpx.HTTPError, subprocess.CalledProcessError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    arguments.result.write_text(json.dumps(result))
    return 0


def run_late_flights(work_dir: Path) -> dict[str, Any]:
    """Start Airflow, and run the example's DAG on it; return what `run_dag` does."""
    started = time.monotonic()
    airflow = Airflow(work_dir / "airflow")
    deploy(airflow.home / "dags")
    with airflow:
        airflow.await_dag(DAG_ID)
        print(f"Airflow is up after {time.monotonic() - started:.1f} s", flush=True)
        return run_dag(airflow.api, work_dir / "late_flights.csv")


# -- the DAG run -------------------------------------------------------------------------------------------------------


def run_dag(api: Api, output: Path) -> dict[str, Any]:
    """Run the example's DAG and follow it to its end.

    Returns
    -------
    dict
        ``who``, ``status``, ``rows``, ``seconds`` and ``output``.
    """
    started = time.monotonic()
    run_id = api.trigger(DAG_ID, {"output": str(output)})
    states = follow(api, run_id)
    seconds = time.monotonic() - started
    show_log(api, run_id, states)
    run_log = api.xcom(DAG_ID, run_id, RUN_TASK)["run_log"]
    print(f"Run log {run_log['log_id']}: {run_log['status']}, by {run_log['user']}")
    return {
        "who": "Airflow",
        "status": run_log["status"],
        "rows": show_first_rows(output),
        "seconds": round(seconds, 2),
        "output": str(output),
    }


def follow(api: Api, run_id: str) -> dict[str, list[str]]:
    """Print each change of a task's state until the DAG run is over; return the states that each task was seen in."""
    states: dict[str, list[str]] = {}
    while True:
        state = api.dag_run_state(DAG_ID, run_id)
        for task_id, task_state in api.task_states(DAG_ID, run_id).items():
            seen = states.setdefault(task_id, [])
            if task_state and task_state not in seen[-1:]:
                seen.append(task_state)
                print(f"{task_id}: {task_state}", flush=True)
        if state == "success":
            return states
        if state == "failed":
            failed = next(task_id for task_id, seen in states.items() if seen[-1:] == ["failed"])
            raise RuntimeError(f"Task {failed} failed: {api.task_error(DAG_ID, run_id, failed)}")
        time.sleep(0.2)


def show_log(api: Api, run_id: str, states: dict[str, list[str]]) -> None:
    """Print what was logged of the flow's run, and make sure that the triggerer followed it if the task was deferred.

    On a busy machine, the run may be over before the task would be.
    """
    where = {"triggers": "triggerer", "operators": "worker"}
    followers = set()
    for entry in api.task_log(DAG_ID, run_id, RUN_TASK):
        _, package, module = str(entry.get("logger")).rpartition("airflow_provider_ikigai.")
        if package:
            follower = where[module.partition(".")[0]]
            followers.add(follower)
            print(f"{follower}: {entry['event']}")
    if "deferred" in states[RUN_TASK] and "triggerer" not in followers:
        raise RuntimeError(f"The triggerer did not follow the run; {RUN_TASK} was {', '.join(states[RUN_TASK])}.")


def show_first_rows(path: Path, count: int = 5) -> int:
    """Print a CSV file's first rows; return how many rows it has."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    for row in rows[: count + 1]:
        print(", ".join(row))
    return len(rows) - 1


# -- Airflow's API -----------------------------------------------------------------------------------------------------


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.INTERNAL_SERVER_ERROR


# Airflow on SQLite answers 500, and has done nothing, while another of its processes writes for too long.
_unless_locked = retry(
    retry=retry_if_exception(_is_locked), wait=wait_fixed(1.0), stop=stop_after_delay(300.0), reraise=True
)


class Api:
    """The few calls of Airflow's REST API that running a DAG takes.

    Parameters
    ----------
    base_url : str
        The API server's address.
    log : Path
        The API server's log, whose end is added to the error if it fails.
    """

    def __init__(self, base_url: str, log: Path) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url, timeout=120.0)
        self._log = log

    def log_in(self) -> bool:
        """Get a token (the auth manager of this Airflow makes everybody an administrator); whether that worked."""
        token = self._http.get("/auth/token").raise_for_status().json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        return True

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Ask for something."""
        return self._answer("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Have something done."""
        return self._answer("POST", path, json=body)

    @_unless_locked
    def _answer(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._http.request(method, f"/api/v2{path}", **content).raise_for_status().json()
        except httpx.HTTPStatusError as error:
            error.add_note(f"{error.response.text[:1000]}\nThe end of {self._log}: {self._log.read_text()[-8000:]}")
            raise
        return answer

    def healthy(self) -> bool:
        """Whether scheduler, DAG processor and triggerer have reported."""
        health = self.get("/monitor/health")
        return all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "triggerer"))

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG's file has been read; a file with a fault ends the waiting."""
        errors = self.get("/importErrors")["import_errors"]
        if errors:
            raise RuntimeError(f"{errors[0]['filename']}: {errors[0]['stack_trace']}")
        return any(dag["dag_id"] == dag_id for dag in self.get("/dags")["dags"])

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a DAG run and return its id."""
        run_id = f"demo_{uuid.uuid4().hex}"
        try:
            self.post(f"/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None, "conf": conf})
        except httpx.HTTPStatusError as error:
            # An earlier try has started it, although its answer was an error.
            if error.response.status_code != httpx.codes.CONFLICT:
                raise
        return run_id

    def dag_run_state(self, dag_id: str, run_id: str) -> str:
        """``queued``, ``running``, ``success`` or ``failed``."""
        return str(self.get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """The tasks' states, in the order that they began."""
        instances = self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        instances.sort(key=lambda instance: instance["start_date"] or "9")
        return {instance["task_id"]: instance["state"] for instance in instances}

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """What a task returned."""
        entry = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        value: dict[str, Any] = self.get(entry, deserialize="true")["value"]
        return value

    def task_log(self, dag_id: str, run_id: str, task_id: str) -> list[dict[str, Any]]:
        """A task's log, what the triggerer wrote included; ``event`` is a line's text."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/1"
        content: list[dict[str, Any]] = self.get(path, full_content="true")["content"]
        return content

    def task_error(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Why a task failed, as far as its log says."""
        details = [
            detail for entry in self.task_log(dag_id, run_id, task_id) for detail in entry.get("error_detail", ())
        ]
        return str(details[-1]["exc_value"]) if details else "its log does not say why"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


# -- Airflow's processes -----------------------------------------------------------------------------------------------


class Airflow:
    """A whole Airflow on SQLite, below one folder.

    Parameters
    ----------
    home : Path
        Its folder, made here. DAG files go to ``dags`` in it.
    **options
        More of Airflow's settings, as environment variables.
    """

    def __init__(self, home: Path, **options: str) -> None:
        self.home = home
        self.servers: dict[str, psutil.Popen] = {}
        self._port = free_port()
        self.program = Path(sys.executable).with_name("airflow")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "IKIGAI"))}
        self._environment = {**inherited, **settings(home, self._port), **options}
        self.api = Api(f"http://127.0.0.1:{self._port}", self._log("api-server"))
        for folder in ("dags", "config"):
            (home / folder).mkdir(parents=True)
        shutil.copyfile(PRELOADING, home / "config" / "airflow_local_settings.py")

    def __enter__(self) -> Airflow:
        try:
            self.migrate()
            for name in SERVERS:
                self.start(name)
            self._await(self.api.log_in, "come up", "api-server")
            self._await(self.api.healthy, "come up", "scheduler")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()
        end(list(self.servers.values()))

    def migrate(self) -> None:
        """Make the database."""
        with self._log("db").open("w") as log:
            subprocess.run([self.program, "db", "migrate"], env=self._environment, stdout=log, stderr=log, check=True)
        database = self.home / "airflow.db"
        if database.exists():
            with closing(sqlite3.connect(database)) as connection:
                # Who reads does not keep others from writing.
                connection.execute("PRAGMA journal_mode=WAL")

    def start(self, name: str) -> None:
        """Start a server."""
        port = ["--port", str(self._port)] if name == "api-server" else []
        with self._log(name).open("a") as log:
            command = [self.program, name, *SERVERS[name], *port]
            self.servers[name] = psutil.Popen(command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)

    def await_dag(self, dag_id: str) -> None:
        """Wait until a DAG's file has been read."""
        self._await(lambda: self.api.has_dag(dag_id), f"read the DAG {dag_id}", "dag-processor")

    def _await(self, question: Callable[[], bool], what: str, server: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answered(question):
            ended = [name for name, server in self.servers.items() if server.poll() is not None]
            if ended or time.monotonic() > deadline:
                name = (ended or [server])[0]
                raise RuntimeError(f"Airflow's {name} did not {what}: {self._log(name).read_text()[-1000:]}")
            time.sleep(0.3)

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"


def answered(question: Callable[[], bool]) -> bool:
    """Whether a question to the API was answered, with yes."""
    try:
        return question()
    except httpx.TransportError:
        return False


def deploy(dags: Path) -> None:
    """Put the example and what it reads into a folder of DAGs."""
    (dags / "data").mkdir()
    for name in ("airflow_late_flights.py", "late_flights.yaml", "data/flights.csv"):
        shutil.copyfile(EXAMPLES / name, dags / name)


def settings(home: Path, port: int) -> dict[str, str]:
    """Airflow's settings, as environment variables: small, quick, local, and quiet towards the world."""
    base_url = f"http://127.0.0.1:{port}"
    connection = {
        "conn_type": "ikigai",
        "host": os.environ["IKIGAI_BASE_URL"],
        "login": os.environ["IKIGAI_USER_EMAIL"],
        "password": os.environ["IKIGAI_API_KEY"],
    }
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_IKIGAI_DEFAULT": json.dumps(connection),
        "AIRFLOW__API__BASE_URL": base_url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base_url}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # A task that starts while the machine is busy must not be given up.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
    }


def end(servers: list[psutil.Popen]) -> None:
    """End servers and all that they have started."""
    processes = [process for server in servers for process in (server, *descendants(server))]
    for server in servers:
        if server.is_running():
            server.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=15)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def descendants(server: psutil.Popen) -> list[psutil.Process]:
    """The processes below a server; none if it is over."""
    try:
        return list(server.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
