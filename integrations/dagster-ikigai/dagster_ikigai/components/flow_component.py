"""The component for one flow, with assets from a few lines of YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, Field

from dagster_ikigai.assets.flow_assets import flow_asset_specs, flow_assets
from dagster_ikigai.components.component_settings import ComponentSettings
from dagster_ikigai.flows.written_flow import IkigaiFlow

_DEFINITION_FILE = "flow.yaml"


class IkigaiFlowParams(BaseModel):
    """The parameters of ``dg scaffold defs dagster_ikigai.IkigaiFlowComponent``."""

    app: str = Field(default="My app", description="Name of the app.")
    flow: str = Field(default="My flow", description="Name of the flow.")
    dataset: str = Field(default="my dataset", description="Name of the dataset that the flow reads.")
    output: str = Field(default="my output", description="Name of the dataset that the flow writes.")


class IkigaiFlowScaffolder(dg.Scaffolder[IkigaiFlowParams]):
    """Writes the component's YAML and a minimal flow definition, which copies one dataset."""

    @classmethod
    def get_scaffold_params(cls) -> type[IkigaiFlowParams]:
        """Return the model of the parameters."""
        return IkigaiFlowParams

    def scaffold(self, request: dg.ScaffoldRequest[IkigaiFlowParams]) -> None:
        """Write the files."""
        params = request.params
        scaffold_component(request, {"app": params.app, "flow": params.flow, "definition": _DEFINITION_FILE})
        definition = {
            "facets": {
                "input": {
                    "type": "INPUT.Imported",
                    "dataset": params.dataset,
                    "arguments": {"file_type": "csv", "header": True, "use_raw_file": False},
                },
                "output": {
                    "type": "OUTPUT.Exported",
                    "after": "input",
                    "arguments": {"dataset_name": params.output, "file_type": "csv", "header": True},
                },
            }
        }
        text = yaml.safe_dump(definition, sort_keys=False, allow_unicode=True)
        (request.target_path / _DEFINITION_FILE).write_text(text, encoding="utf-8")


@dg.scaffold_with(IkigaiFlowScaffolder)
class IkigaiFlowComponent(dg.Component, ComponentSettings):
    """An Ikigai flow. Its output datasets are assets, its input datasets are upstream. Loading sends nothing.

    Attributes
    ----------
    app : str
        Name of the app.
    flow : str
        Name of the flow in the app.
    definition : str or mapping
        The definition document, or its path relative to the component's folder.
    create_app : bool
        Create the app when the flow is run, if there is none of that name. Default: False.
    variables, on_busy, isolation, on_doubt, unique_output, keep_copies, timeout, retry_policy, pool, op_tags, deps
    partitions, partition_variable, partition_output, backfill_policy
        Settings for the flow's runs; see `FlowSettings`.
    workspace : str, mapping or None
        Key of the IkigaiWorkspace resource, or the account itself. None: the account from the environment.
    translation : mapping
        Changes to the asset specs, for example ``key: "mine/{{ props.name }}"`` or ``group_name: flights``.
    sensor, checks : bool or mapping
        As for `IkigaiAppComponent`.

    Examples
    --------
    ::

        type: dagster_ikigai.IkigaiFlowComponent
        attributes:
          app: Late flights
          flow: Late flights
          definition: late_flights.yaml
          variables: {output: late_flights}
          retry_policy: {max_retries: 2, delay: 30}
    """

    app: str = Field(description="Name of the app that holds the flow and its datasets.")
    flow: str = Field(description="Name of the flow in the app.")
    definition: str | dict[str, Any] = Field(
        description="The definition document: a path relative to the component's folder, or the document itself."
    )
    create_app: bool = Field(default=False, description="Create the app if it does not exist, when the flow is run.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build the flow's assets. Called by Dagster."""
        flow = IkigaiFlow(self.app, self.flow, self._document(context.path), create_app=self.create_app)
        assets = flow_assets(
            flow, flow_asset_specs(flow, self.translator), self.to_settings(), workspace=self._account()
        )
        return self._definitions([assets], flow.op_name)

    def _document(self, folder: Path) -> Path | Mapping[str, Any]:
        return folder / self.definition if isinstance(self.definition, str) else self.definition
