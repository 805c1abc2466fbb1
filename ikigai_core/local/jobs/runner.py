"""Executes queued runs in worker processes, a limited number at a time, and records how they end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ikigai_core.local.engine.script_access import ScriptAccess
from ikigai_core.local.jobs.job import (
    LendStandIns,
    Progress,
    engine_of,
    read_facets,
    read_printed,
    read_progress,
    read_result,
    told,
    write_job,
)
from ikigai_core.local.jobs.outputs import OutputRefusedError, import_outputs
from ikigai_core.local.jobs.recordings import RecordingRefusedError
from ikigai_core.local.jobs.scripted_outcomes import Outcome
from ikigai_core.local.jobs.scripted_runs import Outcomes
from ikigai_core.local.jobs.workers import Workers, ending, last_words
from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store import Store, timestamps
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.runs import Run, RunState

logger = logging.getLogger(__name__)

_START_SECONDS = 2.0
# Limits in characters for the output of a run's scripts: in the run's record, and in the message of a failed run.
_MOST_PRINTED = 100_000
_MOST_SHOWN = 5_000
INTERRUPTED = "The platform was stopped while this run was under way. No dataset was written: start the flow again."


class Runner:
    """Takes runs from the queue and executes them.

    Parameters
    ----------
    store : Store
        Keeps the runs.
    files : Files
        Keeps their jobs and outputs.
    workers : Workers
        The worker processes.
    side_by_side : int
        Maximum number of flows that run at the same time. Others wait in the queue.
    outcomes : Outcomes
        The ordered outcomes of runs.
    script_access : callable
        Returns what the scripts of a run that starts now may see.
    lend : callable
        Writes the stand-ins for facets of a run to its job folder.
    """

    def __init__(
        self,
        store: Store,
        files: Files,
        workers: Workers,
        side_by_side: int,
        outcomes: Outcomes,
        script_access: Callable[[], ScriptAccess],
        *,
        lend: LendStandIns,
    ) -> None:
        self._store = store
        self._files = files
        self._pool = ThreadPoolExecutor(side_by_side, thread_name_prefix="run")
        self._side_by_side = side_by_side
        self._lock = threading.Lock()
        self._submitted = 0
        self._workers = workers
        self._outcomes = outcomes
        self._script_access = script_access
        self._lend = lend

    def start(
        self,
        flow: Flow,
        user: str,
        variables: dict[str, Any],
        outcome: Outcome | None = None,
        *,
        agent: str = "",
        origin: Mapping[str, str] | None = None,
    ) -> None:
        """Queue a run of a flow. If a worker is free, wait until the run has left the queue.

        The wait matters because the released client sleeps for seconds if it sees a run in the queue. A run with an
        ordered outcome, or with the given `outcome`, needs no worker. `agent` and `origin` describe the program and
        the task that started it.

        Raises
        ------
        RefusalError
            409 if the flow has an unfinished run.
        """
        run = self._store.runs.queue(flow, user, variables, agent, origin)
        self._store.apps.touch(flow.app_id, last_used_at=timestamps.now())
        if self._outcomes.stage(run, flow, outcome):
            return
        left_queue = threading.Event()
        with self._lock:
            self._submitted += 1
            is_free = self._submitted <= self._side_by_side
        self._pool.submit(self._take, run.run_id, left_queue)
        if is_free:
            left_queue.wait(_START_SECONDS)

    def progress(self, run: Run) -> Progress:
        """Return the progress of a run."""
        return read_progress(self._files.job(run.run_id))

    def facets(self, run: Run) -> dict[str, dict[str, Any]]:
        """Return what is known about each facet of a run by facet id: times, rows in and out, columns, first rows.

        Of finished runs, only a flow's last one has it.
        """
        kept = self._store.runs.facets(run.run_id)
        return read_facets(self._files.job(run.run_id)) if kept is None else kept

    def mark(self, run: Run) -> tuple[int, ...]:
        """Return numbers that change if an unfinished run has made progress or printed something."""
        return told(self._files.job(run.run_id))

    def printed(self, run: Run) -> str:
        """Return the output of the scripts of an unfinished run so far."""
        before = "".join(note.get("printed", "") for note in self.facets(run).values())
        return before + read_printed(self._files.job(run.run_id))

    def cancel(self, run: Run) -> None:
        """Stop the worker of a run, if there is one. The run must be deleted already."""
        self._outcomes.forget(run.run_id)
        self._workers.end(run.run_id)

    def recover(self) -> None:
        """Handle runs of an earlier process: import finished results, fail interrupted runs, queue the rest."""
        for run in self._store.runs.in_state(RunState.RUNNING):
            with self._failing(run.run_id):
                self._settle(run, INTERRUPTED)
        for run in self._store.runs.in_state(RunState.QUEUED):
            with self._lock:
                self._submitted += 1
            self._pool.submit(self._take, run.run_id, threading.Event())

    def stop(self) -> None:
        """Take no more runs from the queue. The next start settles unfinished ones with `recover`."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, run_id: str, left_queue: threading.Event) -> None:
        try:
            with self._failing(run_id):
                run = self._store.runs.begin(run_id)
                left_queue.set()
                if run is not None:
                    self._run(run)
        finally:
            left_queue.set()
            with self._lock:
                self._submitted -= 1

    @contextmanager
    def _failing(self, run_id: str) -> Iterator[None]:
        """Mark a run as failed if the platform itself fails, so that it does not stay unfinished forever."""
        try:
            yield
        except RunStoppedError:
            pass
        except Exception:
            logger.exception("Run %s failed because of an error in the platform", run_id)
            self._store.runs.finish(run_id, "FAILED", message="The platform failed to run this flow. See its log")
            self._files.drop_job(run_id)

    def _run(self, run: Run) -> None:
        try:
            folder = write_job(run, self._store, self._files, self._script_access(), self._lend)
        except RecordingRefusedError as refusal:
            self._store.runs.finish(run.run_id, "FAILED", message=str(refusal))
            self._files.drop_job(run.run_id)
            return
        code = self._workers.run(run.run_id, engine_of(run), folder, str(folder))
        if read_result(folder) is None and self._store.runs.get(run.run_id) is not None:
            logger.error("The worker of run %s ended with %s: %s", run.run_id, code, last_words(folder))
        self._outcomes.wait(run)
        with self._outcomes.ending(run):
            self._settle(run, f"The worker process of this run {ending(code)} before the flow was finished")

    def _settle(self, run: Run, unfinished: str) -> None:
        """Finish a run whose worker has ended. `unfinished` is the error message if the worker left no result."""
        folder = self._files.job(run.run_id)
        result = read_result(folder) or {"status": "FAILED", "message": unfinished}
        self._store.runs.keep_facets(run, read_facets(folder))
        printed = str(result.get("printed") or "")[-_MOST_PRINTED:]
        self._store.runs.keep_printed(run.run_id, printed)
        if result["status"] == "SUCCESS":
            self._succeed(run, result)
        else:
            facet_id = str(result.get("facet_id") or "")
            message = str(result.get("message") or "The flow failed and gave no reason")
            if told := _told_stand_ins(result):
                message += f"\n\n{told}"
            if printed:
                message += f"\n\nOutput of its scripts:\n{printed[-_MOST_SHOWN:].rstrip()}"
            self._store.runs.finish(run.run_id, "FAILED", facet_id=facet_id, message=message)
        self._files.drop_job(run.run_id)

    def _succeed(self, run: Run, result: dict[str, Any]) -> None:
        try:
            outputs, learned = (result.get(name) or [] for name in ("outputs", "model_versions"))
            import_outputs(run, outputs, learned, self._store, self._files, message=_told_stand_ins(result))
        except OutputRefusedError as refusal:
            self._store.runs.finish(run.run_id, "FAILED", facet_id=refusal.facet_id, message=str(refusal))


def _told_stand_ins(result: Mapping[str, Any]) -> str:
    told = result.get("stand_ins") or []
    return f"Stand-ins were used. {'; '.join(told)}" if told else ""
