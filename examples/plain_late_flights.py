"""Which flights left late? Worked out on the Ikigai platform, with the plain client.

The credentials come from the environment variables IKIGAI_USER_EMAIL and IKIGAI_API_KEY; IKIGAI_BASE_URL names another
platform than the public one, such as a local one. Then::

    python examples/plain_late_flights.py

Running it again is safe: an app, a dataset or a flow that is there already is brought up to date, not made a second
time.
"""

from __future__ import annotations

from pathlib import Path

from ikigai_core import DefinitionDocument, FlowStatusReport, Ikigai, RunLog

HERE = Path(__file__).parent
APP = "Late flights with the plain client"
FLOW = "Late flights"


def late_flights(ikigai: Ikigai, output: Path, dataset: str = "late_flights") -> RunLog:
    """Write the flights that left late to a dataset of that name, and to a CSV file."""
    app = ikigai.app.new(APP).description("The late flights of a week").ensure()
    app.dataset.new("flights").csv(HERE / "data" / "flights.csv").ensure()
    definition = DefinitionDocument.load(HERE / "late_flights.yaml")
    flow = app.flow.new(FLOW).definition(definition).ensure()

    # Starts a run and follows it to its end. A run that fails raises RunFailedError, which says at which facet and why.
    run_log = flow.start(output=dataset).result(on_update=show)
    print(f"Run log {run_log.log_id}: {run_log.status.value}, by {run_log.user}")

    late = app.datasets[dataset]
    print(late.df(nrows=5).to_string(index=False))
    late.to_csv(output)
    return run_log


def show(report: FlowStatusReport) -> None:
    """Print how far the run is."""
    progress = "" if report.progress is None else f", {report.progress} %"
    print(f"{FLOW!r} is {report.status.value}{progress}")


if __name__ == "__main__":
    with Ikigai() as ikigai:
        late_flights(ikigai, Path("late_flights.csv"))
