"""A run worker: says that it is ready; then an order a line, what went wrong outside of the Dagster run a line."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import dagster as dg

LOCATION = "tests.dagster_ikigai.chaos.location"

# What Dagster starts, and leaves behind if this process is killed, must not hold the line to the test open.
_LINE = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def main() -> None:
    import_module(LOCATION)
    with dg.DagsterInstance.get() as instance:
        _say("ready")
        while line := sys.stdin.readline():
            try:
                _perform(instance, **json.loads(line))
                said = ""
            except (Exception, KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                said = f"{type(error).__name__}: {error}"
            _say(said)


def _perform(instance: dg.DagsterInstance, job: str, task: str, executor: str, parent: str | None) -> None:
    again = dg.ReexecutionOptions(parent_run_id=parent) if parent else None
    dg.execute_job(
        dg.build_reconstructable_job(LOCATION, "job", (job,)),
        instance,
        run_config={"execution": {"config": {executor: {}}}},
        tags={"dagster/partition": task, "chaos/task": task},
        reexecution_options=again,
    ).__exit__(None, None, None)


def _say(what: str) -> None:
    _LINE.write(json.dumps(what) + "\n")
    _LINE.flush()


if __name__ == "__main__":
    main()
