"""All flows of an app as Dagster assets, checked, with a sensor for the runs that others start.

Name your account in the environment (IKIGAI_USER_EMAIL, IKIGAI_API_KEY). Store what the app has, and again whenever
its flows change::

    python examples/dagster_app.py "Late flights with Dagster"

Then the definitions load from that file, and send nothing::

    dg dev -f examples/dagster_app.py

In a project of ``dg``, an ``IkigaiAppComponent`` does the same from a few lines of YAML.
"""

import os
import sys
from pathlib import Path

import dagster as dg

from dagster_ikigai import (
    FlowSettings,
    IkigaiAppState,
    IkigaiIOManager,
    IkigaiRunFailure,
    IkigaiWorkspace,
    build_ikigai_asset_checks,
    build_ikigai_assets_definitions,
    build_ikigai_run_sensor,
    ikigai_run_failure_sensor,
    load_ikigai_asset_specs,
)

STATE = Path(os.environ.get("IKIGAI_APP_STATE", "ikigai_app.json"))


def definitions() -> dg.Definitions:
    """Build everything from the stored state."""
    state = IkigaiAppState.load(STATE)
    settings = FlowSettings(retry_policy=dg.RetryPolicy(max_retries=2, delay=5))
    assets = build_ikigai_assets_definitions(state, settings=settings)

    @ikigai_run_failure_sensor(assets)
    def tell_the_team(context: dg.SensorEvaluationContext, failure: IkigaiRunFailure) -> None:
        context.log.error(f"{failure.flow}, started by {failure.user}: {failure.message} {failure.web_url}")

    workspace = IkigaiWorkspace(api_key=dg.EnvVar("IKIGAI_API_KEY"))
    return dg.Definitions(
        assets=assets,
        asset_checks=build_ikigai_asset_checks(assets),
        sensors=[build_ikigai_run_sensor(assets), tell_the_team],
        resources={"ikigai": workspace, "io_manager": IkigaiIOManager(workspace=workspace, app=state.app)},
    )


if __name__ == "__main__":
    IkigaiAppState.read(IkigaiWorkspace(), sys.argv[1]).save(STATE)
    for spec in load_ikigai_asset_specs(STATE):
        print(spec.key.to_user_string(), "<-", ", ".join(dep.asset_key.to_user_string() for dep in spec.deps))
else:
    defs = definitions()
