"""Serves flows: `python flows_to_serve.py APP FLOW`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from prefect import flow, serve
from prefect.flow_runs import suspend_flow_run
from prefect.schedules import Cron, Interval

from prefect_ikigai import IkigaiCredentials, flow_status, output_name, report_left_runs, run_flow


@flow
def look(app: str, name: str) -> None:
    flow_status(IkigaiCredentials.load("ikigai"), app, name)


@flow
def suspending(app: str, name: str) -> None:
    run_flow(IkigaiCredentials.load("ikigai"), app, name, {"output": output_name("mine")})
    suspend_flow_run(timeout=3600)


@flow
def following(app: str, name: str) -> None:
    run_flow(IkigaiCredentials.load("ikigai"), app, name, {"output": output_name("mine")})


@flow(on_cancellation=[report_left_runs], on_crashed=[report_left_runs])
def calling(app: str, name: str) -> None:
    following(app, name)


if __name__ == "__main__":
    app, name = sys.argv[1:]
    # As a rule once within the test: the server looks for new schedules every five seconds. If it is slower, the next
    # minute has another one.
    soon = datetime.now(UTC) + timedelta(seconds=15)
    parameters = {"app": app, "name": name}
    at = f"* * * * * {soon.second}"
    serve(
        look.to_deployment("by-cron", parameters=parameters, schedule=Cron(at, timezone="UTC")),
        look.to_deployment(
            "by-interval", parameters=parameters, schedule=Interval(timedelta(minutes=1), anchor_date=soon)
        ),
        suspending.to_deployment("served", parameters=parameters),
        calling.to_deployment("served", parameters=parameters),
    )
