"""The settings that both components have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import dagster as dg
from pydantic import Field

from dagster_ikigai.assets.translator import DagsterIkigaiTranslator
from dagster_ikigai.components.yaml_settings import (
    CheckSettingsModel,
    FlowSettingsModel,
    SensorModel,
    Translation,
    WorkspaceModel,
    checks_of,
    sensor_of,
    translator_of,
    workspace_from,
)
from dagster_ikigai.connection import Workspace


class ComponentSettings(FlowSettingsModel):
    """Settings for the flows of a component, their assets, and what belongs to these."""

    workspace: str | WorkspaceModel | None = Field(
        default=None,
        description="Key of the IkigaiWorkspace resource, or the account itself. Default: the account that the "
        "variables IKIGAI_USER_EMAIL, IKIGAI_API_KEY and IKIGAI_BASE_URL name.",
    )
    translation: Translation = Field(default=None, description="Changes to the assets' specs.")
    sensor: bool | SensorModel = Field(
        default=False,
        description="Report runs that were started elsewhere as materializations; settings of the sensor.",
    )
    checks: bool | CheckSettingsModel = Field(
        default=False, description="Check the datasets and models that were written; limits of the checks."
    )

    @cached_property
    def translator(self) -> DagsterIkigaiTranslator:
        """Determines the assets' keys and attributes. Override it in a subclass."""
        return translator_of(self.translation)

    def _account(self) -> Workspace:
        return workspace_from(self.workspace)

    def _definitions(self, assets: Sequence[dg.AssetsDefinition], name: str) -> dg.Definitions:
        """The assets with their checks and their sensor; `name` is the beginning of the sensor's name."""
        workspace = self._account()
        return dg.Definitions(
            assets=assets,
            asset_checks=checks_of(self.checks, assets, workspace),
            sensors=sensor_of(self.sensor, assets, f"{name}__ikigai_runs", workspace),
        )
