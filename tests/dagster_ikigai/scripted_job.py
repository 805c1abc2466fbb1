"""A job of one flow that the tests run, kill and re-execute: ``python scripted_job.py APP SCRIPT [PARENT [TIMES]]``.

The instance is the one of DAGSTER_HOME.
"""

from __future__ import annotations

import os
import sys

import dagster as dg

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_flow_assets


def scripted_job() -> dg.JobDefinition:
    """The job, in the form that other processes load it in."""
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "work on them": {"type": "MID.Python", "after": "numbers", "arguments": {"script": os.environ["SCRIPT"]}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "work on them",
            "arguments": {"dataset_name": "worked on", "file_type": "csv", "header": True},
        },
    }
    flow = IkigaiFlow(os.environ["APP"], "Scripted", {"facets": facets})
    definitions = dg.Definitions(
        assets=[build_ikigai_flow_assets(flow)],
        jobs=[dg.define_asset_job("scripted_job")],
        resources={"ikigai": IkigaiWorkspace()},
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def("scripted_job")


def main(app: str, script: str, parent_run_id: str = "", times: str = "1") -> int:
    """Run the job so many times, each run a re-execution of the one before."""
    os.environ.update(APP=app, SCRIPT=script)
    with dg.DagsterInstance.get() as instance:
        for _ in range(int(times)):
            options = dg.ReexecutionOptions(parent_run_id=parent_run_id) if parent_run_id else None
            with dg.execute_job(dg.reconstructable(scripted_job), instance, reexecution_options=options) as result:
                parent_run_id = result.run_id
        return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
