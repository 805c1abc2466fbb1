"""A flow with a local definition, beside the asset definitions."""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from dagster_ikigai.flows.facets import facets_and_targets
from dagster_ikigai.flows.runnable import RunnableFlow
from dagster_ikigai.naming import identifier

if TYPE_CHECKING:
    from ikigai_core import App, Flow, Ikigai
    from ikigai_core.orchestration import Definition


class IkigaiFlow(RunnableFlow):
    """An app's flow and its definition. Creating one reads the definition and sends nothing.

    Parameters
    ----------
    app : str
        Name or id of the app that contains the flow and the datasets in the definition.
    name : str
        Name of the flow in the app.
    definition : str, Path, mapping, DefinitionDocument or FlowDefinition
        The path of a YAML or JSON file, its content, or a definition object of the core.
    create_app : bool, default False
        Create the app when the flow is run, if there is none of that name.

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        The file does not exist.
    ikigai_core.errors.InvalidDefinitionError
        The definition is invalid, or no facet writes a dataset or trains a model. The message names the facet.

    Examples
    --------
    >>> flow = IkigaiFlow(
    ...     app="Late flights",
    ...     name="Late flights",
    ...     definition={
    ...         "facets": {
    ...             "flights": {"type": "INPUT.Imported", "dataset": "flights"},
    ...             "output": {
    ...                 "type": "OUTPUT.Exported",
    ...                 "after": "flights",
    ...                 "arguments": {"dataset_name": "late_flights"},
    ...             },
    ...         }
    ...     },
    ... )
    >>> flow.outputs
    {'output': 'late_flights'}
    """

    def __init__(self, app: str, name: str, definition: Definition, *, create_app: bool = False) -> None:
        from ikigai_core.orchestration import LoadedDefinition

        self.app = app
        self.name = name
        self.create_app = create_app
        self.definition = LoadedDefinition.load(definition).definition
        self.facets, self.targets = facets_and_targets(self.definition)
        self._check_outputs()

    def __repr__(self) -> str:
        return f"IkigaiFlow(app={self.app!r}, name={self.name!r})"

    @property
    def op_name(self) -> str:
        """Name of the step that runs the flow, for Dagster."""
        return f"{identifier(self.app)}__{identifier(self.name)}"

    @cached_property
    def version(self) -> str:
        """Digest of the definition. It changes if the behavior of a run changes."""
        content = [self.app, self.name, self.definition.to_dict()]
        return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def remote(self, ikigai: Ikigai) -> tuple[App, Flow]:
        """Update the flow on the platform, and return it with its app."""
        from ikigai_core.orchestration import ensure_app

        app = ikigai.run(ensure_app(ikigai, self.app, create=self.create_app))
        return app, app.flow.new(self.name).definition(self.definition).ensure()

    def _check_outputs(self) -> None:
        from ikigai_core.errors import InvalidDefinitionError

        if not self.written:
            raise InvalidDefinitionError(
                f"Flow {self.name!r} of app {self.app!r} writes no dataset and trains no model, so there is nothing to "
                "make an asset of: give it an OUTPUT.Exported facet with the argument dataset_name."
            )
        writers: dict[str, str] = {}
        for facet, dataset in self.outputs.items():
            other = writers.setdefault(identifier(dataset), facet)
            if other != facet:
                raise InvalidDefinitionError(
                    f"Flow {self.name!r} of app {self.app!r}: facets {other!r} and {facet!r} write "
                    f"{self.outputs[other]!r} and {dataset!r}, which are one asset: give one another dataset_name."
                )
