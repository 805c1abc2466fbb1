"""Run a flow every night with Prefect, and something else each time that it is done.

Serves two deployments from this process: the late flights, every night at five, and a flow that reacts to the event
that each successful run on the Ikigai platform emits. Save your credentials first, as ``prefect_late_flights.py`` says;
then::

    prefect server start                             # unless you have a server, or Prefect Cloud
    python examples/prefect_serve.py                 # in another terminal; it serves until it is interrupted
    prefect deployment run 'late-flights/nightly'    # does it now
"""

from __future__ import annotations

from prefect import flow, serve
from prefect.events import DeploymentEventTrigger
from prefect_late_flights import late_flights


@flow(log_prints=True)
def announce(app: str, name: str, log_id: str) -> None:
    """Tell the world that there is something new."""
    print(f"Flow {name} of app {app} has written its data: run log {log_id}")


# An automation of Prefect's: what the event says goes into the parameters.
WHEN_A_RUN_SUCCEEDS = DeploymentEventTrigger(
    expect={"ikigai.run.succeeded"},
    match={"prefect.resource.id": "ikigai.flow.*"},
    parameters={
        "app": "{{ event.payload.app }}",
        "name": "{{ event.payload.flow }}",
        "log_id": "{{ event.payload.log_id }}",
    },
)


if __name__ == "__main__":
    serve(
        late_flights.to_deployment("nightly", cron="0 5 * * *", concurrency_limit=1),
        announce.to_deployment("after-each-run", triggers=[WHEN_A_RUN_SUCCEEDS]),
    )
