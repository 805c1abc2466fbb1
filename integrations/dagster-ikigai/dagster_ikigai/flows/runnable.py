"""The base class of flows for assets, ops and sensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dagster_ikigai.flows.facets import Component, FlowFacet, Output, Target, inputs, outputs

if TYPE_CHECKING:
    from ikigai_core import App, Flow, Ikigai


class RunnableFlow(ABC):
    """A flow of assets, with a local definition or a definition on the platform.

    Attributes
    ----------
    app, name : str
        Names of the app and of the flow.
    facets : mapping
        Its facets, by the id in the asset's metadata.
    targets : mapping
        The run variables, each with the argument that it sets.
    fault : str or None
        Why the flow cannot run; None if there is no known fault.
    """

    app: str
    name: str
    facets: Mapping[str, FlowFacet]
    targets: Mapping[str, Target]
    fault: str | None = None

    @property
    def is_described(self) -> bool:
        """Whether the run variables are known."""
        return True

    @property
    @abstractmethod
    def op_name(self) -> str:
        """Name of the step that runs the flow, for Dagster."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Digest of the definition. It changes if the behavior of a run changes."""

    @abstractmethod
    def remote(self, ikigai: Ikigai) -> tuple[App, Flow]:
        """Return the app and the flow on the platform, ready to be run."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(app={self.app!r}, name={self.name!r})"

    @property
    def outputs(self) -> dict[str, str]:
        """Names of the datasets that the flow writes, by facet."""
        return {name: facet.writes for name, facet in self.facets.items() if facet.writes}

    @property
    def written(self) -> list[Output]:
        """The datasets that the flow writes and the models that it trains."""
        return outputs(self.facets)

    def written_with(self, variables: Mapping[str, Any]) -> list[Output]:
        """All outputs of a run with these variables. If it writes nothing, the flow itself, without a facet."""
        names = self.output_names(variables)
        return [
            Output(facet, Component("dataset", names[facet]) if component.kind == "dataset" else component)
            for facet, component in self.written
        ] or [Output("", Component("flow", self.name))]

    @property
    def read(self) -> list[Component]:
        """The datasets that the flow reads and the models that it uses."""
        return inputs(self.facets)

    @property
    def variables(self) -> dict[str, str]:
        """The run variables, each with the name of the facet that it belongs to."""
        return {variable: target.facet for variable, target in self.targets.items()}

    def read_for(self, facet: str) -> list[Component]:
        """The datasets and models that a facet's output is made from, in the definition's order."""
        return inputs(self.facets, facet)

    def inputs_of(self, facet: str) -> list[str]:
        """Names of the datasets that a facet's output is made from, in the definition's order."""
        return [component.name for component in self.read_for(facet) if component.kind == "dataset"]

    def output_names(self, variables: Mapping[str, Any]) -> dict[str, str]:
        """Names of the datasets that a run with these variables writes, by facet."""
        named = self.output_variables()
        replaced = {facet: str(variables[name]) for facet, name in named.items() if name in variables}
        return {**self.outputs, **replaced}

    def output_variables(self) -> dict[str, str]:
        """The run variables that name the datasets that facets write, by facet."""
        return {target.facet: name for name, target in self.targets.items() if target.argument == "dataset_name"}

    def input_variables(self) -> dict[str, str]:
        """The run variables that say which datasets facets import, by facet. Their values are ids of datasets."""
        return {target.facet: name for name, target in self.targets.items() if target.argument == "dataset_id"}
