"""Which flights left late? Worked out on the Ikigai platform, by a Prefect flow.

The flow uploads a CSV file, brings the Ikigai flow of ``late_flights.yaml`` up to date, runs it, and fetches what it
wrote. Before the first run, save your credentials as a block::

    from prefect_ikigai import IkigaiCredentials

    IkigaiCredentials(user_email="bob@example.com", api_key="my-ikigai-api-key").save("ikigai")

Then::

    python examples/prefect_late_flights.py
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from prefect_ikigai import (
    IkigaiCredentials,
    download_dataset,
    ensure_flow,
    preview_dataset,
    report_left_runs,
    run_flow,
    upload_dataset,
)

EXAMPLES = Path(__file__).parent
APP = "Late flights with Prefect"
FLOW = "Late flights"


# When this flow run is cancelled or its process dies, the platform's run continues: that is reported, and the next flow
# run follows it.
@flow(log_prints=True, on_cancellation=[report_left_runs], on_crashed=[report_left_runs])
def late_flights(dataset: str = "late_flights", output: Path = Path("late_flights.csv")) -> Path:
    """Fetch the flights that left late, through a dataset of that name."""
    # Only the block's name is in the code. The key stays in the block, encrypted.
    credentials = IkigaiCredentials.load("ikigai")

    # Doing these two again is safe: what is on the platform already is brought up to date, or left alone.
    upload_dataset(credentials, APP, "flights", EXAMPLES / "data" / "flights.csv", create_app=True)
    ensure_flow(credentials, APP, FLOW, EXAMPLES / "late_flights.yaml")

    # Follows the run to its end. If the platform's flow fails, this task fails, and says at which facet and why.
    run_log = run_flow(credentials, APP, FLOW, variables={"output": dataset})
    print(f"Run log {run_log.log_id}: {run_log.status.value}, by {run_log.user}")

    # A table in Prefect's pages.
    preview_dataset(credentials, APP, dataset, rows=5)
    download_dataset(credentials, APP, dataset, output)
    with output.open() as rows:
        for _, row in zip(range(6), rows, strict=False):
            print(row.rstrip())
    return output


if __name__ == "__main__":
    late_flights()
