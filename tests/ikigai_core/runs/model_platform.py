"""A platform that exists in memory and on a simulated clock: flows, copies of flows, their runs, and their outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ikigai_core.api.call import Call
from ikigai_core.errors import ApiError, BadRequestError, ConflictError, NotFoundError

USER = "bob@example.com"
FENCE = "fenced"
_EPOCH = 1_715_274_391
# No copy is ever old enough to be swept.
_CREATED = "4102444800"


@dataclass(frozen=True)
class Ways:
    """What platforms differ in.

    Attributes
    ----------
    start_lag : float
        Seconds for which a flow reads idle after it was started.
    log_lag : float
        Seconds for which the log of a run is missing after its end.
    side_by_side : bool
        Whether a flow that runs is started again, instead of a refusal.
    reads_late : bool
        Whether a run goes by the definition at its beginning, not by that at its start.
    checks_variables : bool
        Whether a start with variables that the flow does not have is refused, instead of failing.
    lets_run : bool
        Whether a run goes on if its flow is deleted.
    writes_early : bool
        Whether a run writes its output halfway, also if it fails later.
    fenced_seconds : float
        How long a run takes that fails at the fence.
    """

    start_lag: float = 0.0
    log_lag: float = 0.0
    side_by_side: bool = False
    reads_late: bool = False
    checks_variables: bool = False
    lets_run: bool = False
    writes_early: bool = False
    fenced_seconds: float = 0.0


@dataclass
class ModelRun:
    """A run that the platform began, or is to begin."""

    run_id: str
    flow_id: str
    task: str
    begins: float
    ends: float
    status: str
    is_fenced: bool = False
    is_cancelled: bool = False

    def is_active(self, now: float) -> bool:
        return now < self.ends and not self.is_cancelled

    def is_visible(self, now: float) -> bool:
        return self.begins <= now and self.is_active(now)


@dataclass
class ModelFlow:
    flow_id: str
    name: str
    is_fenced: bool = False


@dataclass
class ModelPlatform:
    """Answers calls, at a given time.

    Attributes
    ----------
    ways : Ways
    outcomes : dict
        Seconds and status of each task's runs.
    """

    ways: Ways
    outcomes: dict[str, tuple[float, str]]
    flows: dict[str, ModelFlow] = field(default_factory=lambda: {"flow": ModelFlow("flow", "Forecast")})
    runs: list[ModelRun] = field(default_factory=list)
    created: list[ModelFlow] = field(default_factory=list)

    def perform(self, call: Call[Any], now: float) -> Any:
        """Carry a call out, and return what it answers."""
        path = call.path.rsplit("/", 1)[1]
        flow_id = (call.body or {}).get("pipeline", call.query).get("pipeline_id")
        if flow_id is not None and flow_id not in self.flows:
            raise _refusal(NotFoundError, 404, call)
        if path == "create-pipeline":
            return self._create(call)
        if path == "search-pipelines-for-project":
            named = [flow for flow in self.flows.values() if call.query["query"] in flow.name]
            return {"pipelines": [_record(flow) for flow in named], "limit_warning": ""}
        if path == "search-datasets-for-project":
            return {"datasets": self._datasets(now), "limit_warning": ""}
        flow = self.flows[flow_id]
        if path == "get-pipeline":
            return {"pipeline": _record(flow)}
        if path == "is-pipeline-running":
            return self._status(flow, now)
        if path == "get-pipeline-log":
            return {"pipeline_log": self._log(flow, now)[: int(call.query["limit"])]}
        if path == "run-pipeline":
            self._run(flow, call, now)
        elif path == "edit-pipeline":
            self._fence(flow, now)
        elif path == "delete-pipeline":
            self._delete(flow, now)
        else:
            raise AssertionError(f"unexpected call {call.path}")
        return {"pipeline_id": flow_id}

    def runs_of(self, task: str) -> list[ModelRun]:
        """The runs that did a task's work, or a part of it."""
        return [run for run in self.runs if run.task == task and not run.is_fenced]

    def _create(self, call: Call[Any]) -> Any:
        flow = ModelFlow(f"copy-{len(self.created)}", (call.body or {})["pipeline"]["name"])
        self.flows[flow.flow_id] = flow
        self.created.append(flow)
        return {"pipeline_id": flow.flow_id}

    def _run(self, flow: ModelFlow, call: Call[Any], now: float) -> None:
        body = call.body or {}
        if flow.is_fenced and self.ways.checks_variables:
            raise _refusal(BadRequestError, 400, call)
        if not self.ways.side_by_side and any(run.is_active(now) for run in self.runs if run.flow_id == flow.flow_id):
            raise _refusal(ConflictError, 409, call)
        task = body["variables"]["task"]["value"]
        seconds, status = self.outcomes[task]
        begins = now + self.ways.start_lag
        run = ModelRun(f"run-{len(self.runs)}", flow.flow_id, task, begins, begins + seconds, status)
        self.runs.append(run)
        if flow.is_fenced:
            self._fail_at_fence(run)

    def _fence(self, flow: ModelFlow, now: float) -> None:
        flow.is_fenced = True
        for run in self.runs:
            if run.flow_id == flow.flow_id and self.ways.reads_late and now < run.begins:
                self._fail_at_fence(run)

    def _fail_at_fence(self, run: ModelRun) -> None:
        run.is_fenced, run.status, run.ends = True, "FAILED", run.begins + self.ways.fenced_seconds

    def _delete(self, flow: ModelFlow, now: float) -> None:
        del self.flows[flow.flow_id]
        for run in self.runs:
            if run.flow_id == flow.flow_id and run.is_active(now) and not self.ways.lets_run:
                # What had begun has done a part of its work.
                run.is_cancelled, run.status = True, "DELETED"
                run.is_fenced |= now < run.begins

    def _status(self, flow: ModelFlow, now: float) -> Any:
        is_running = any(run.is_visible(now) for run in self.runs if run.flow_id == flow.flow_id)
        report = (
            {"status": "RUNNING", "progress": 1, "message": ""} if is_running else {"status": "IDLE", "message": ""}
        )
        return {"status": is_running, "progress": report}

    def _log(self, flow: ModelFlow, now: float) -> list[Any]:
        ended = [run for run in self.runs if run.flow_id == flow.flow_id and run.ends + self.ways.log_lag <= now]
        return [_entry(run) for run in sorted(ended, key=lambda run: run.ends)][::-1]

    def _datasets(self, now: float) -> list[Any]:
        """The output of each task, as the last of its runs that wrote it left it."""
        written = {run.task: run for run in self.runs if self._written_at(run) <= now}
        return [
            {"dataset_id": task, "name": f"output of {task}", "modified_at": run.run_id}
            for task, run in written.items()
        ]

    def _written_at(self, run: ModelRun) -> float:
        if run.is_fenced or run.is_cancelled:
            return float("inf")
        if self.ways.writes_early:
            return (run.begins + run.ends) / 2
        return run.ends if run.status == "SUCCESS" else float("inf")


def _record(flow: ModelFlow) -> dict[str, Any]:
    return {
        "project_id": "app",
        "pipeline_id": flow.flow_id,
        "name": flow.name,
        "definition": {"facets": [], "arrows": [], "variables": {}, "model_variables": {}},
        "directory": {},
        "high_volume_preference": False,
        "agent_access": False,
        "created_at": _CREATED,
        "modified_at": _CREATED,
    }


def _entry(run: ModelRun) -> dict[str, str]:
    return {
        "log_id": run.run_id,
        "status": run.status,
        "user": USER,
        "erroneous_facet_id": FENCE if run.is_fenced else "",
        "message": "",
        "timestamp": str(_EPOCH + int(run.ends) + 1),
    }


def _refusal(kind: type[ApiError], status: int, call: Call[Any]) -> ApiError:
    return kind("refused", status=status, method=call.method, path=call.path)
