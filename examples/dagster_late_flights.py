"""Which flights left late? Worked out on the Ikigai platform, as Dagster assets.

Three assets: a CSV file that is uploaded, what the Ikigai flow of ``late_flights.yaml`` makes of it, and a frame
fetched from there. Name your account in the environment (IKIGAI_USER_EMAIL, IKIGAI_API_KEY), then::

    dg dev -f examples/dagster_late_flights.py

and press *Materialize all*; or, without the UI::

    dg launch -f examples/dagster_late_flights.py --assets '*'
"""

# No `from __future__ import annotations` here: Dagster reads the annotations of asset functions as types.

import os
from pathlib import Path

import dagster as dg

from dagster_ikigai import IkigaiFlow, IkigaiWorkspace, build_ikigai_dataset_asset, build_ikigai_flow_assets

EXAMPLES = Path(__file__).parent
APP = "Late flights with Dagster"

# An asset for the dataset: materializing it uploads the file, or does nothing where the platform has this data already.
flights = build_ikigai_dataset_asset(
    app=APP, dataset="flights", path=EXAMPLES / "data" / "flights.csv", create_app=True
)

# An asset for each dataset that the flow writes, downstream of those that it reads. Nothing is sent while this loads;
# materializing brings the flow up to date, runs it and follows it. A retried step follows the run that it had started.
late_flights = build_ikigai_flow_assets(
    IkigaiFlow(app=APP, name="Late flights", definition=EXAMPLES / "late_flights.yaml"),
    variables={"output": "late_flights"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
)


@dg.asset(deps=[late_flights])
def latest_flights(context: dg.AssetExecutionContext, ikigai: IkigaiWorkspace) -> dg.MaterializeResult[None]:
    """The late flights as a pandas frame, kept as a CSV file: what you do with it from here on is ordinary Dagster."""
    with ikigai.get_client() as client:
        frame = client.apps[APP].datasets["late_flights"].df()
    output = Path(os.environ.get("LATE_FLIGHTS_CSV", "late_flights.csv")).resolve()
    frame.to_csv(output, index=False)
    first_rows = frame.head(5).to_string(index=False)
    context.log.info(f"The latest of {len(frame)} late flights:\n{first_rows}")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(frame),
            "path": dg.MetadataValue.path(output),
            "first_rows": dg.MetadataValue.md(f"```\n{first_rows}\n```"),
        }
    )


defs = dg.Definitions(
    assets=[flights, late_flights, latest_flights],
    # Dagster stores the variable's name; the key is read where a step runs.
    resources={"ikigai": IkigaiWorkspace(api_key=dg.EnvVar("IKIGAI_API_KEY"))},
)
