"""A run worker: says that it is ready; then performs an order at a time, and answers what went wrong outside of it."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection

import dagster as dg

LOCATION = "tests.dagster_ikigai.chaos.location"


def work(line: Connection) -> None:
    """Perform orders until the line is closed."""
    import_module(LOCATION)
    with dg.DagsterInstance.get() as instance, suppress(EOFError):
        line.send("ready")
        while True:
            order = line.recv()
            try:
                _perform(instance, **order)
                said = ""
            except (Exception, KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                said = f"{type(error).__name__}: {error}"
            line.send(said)


def _perform(instance: dg.DagsterInstance, job: str, task: str, executor: str, parent: str | None) -> None:
    again = dg.ReexecutionOptions(parent_run_id=parent) if parent else None
    dg.execute_job(
        dg.build_reconstructable_job(LOCATION, "job", (job,)),
        instance,
        run_config={"execution": {"config": {executor: {}}}},
        tags={"dagster/partition": task, "chaos/task": task},
        reexecution_options=again,
    ).__exit__(None, None, None)
