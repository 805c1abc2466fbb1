"""A flow as it is written down beside the asset definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_ikigai.facets import facets_of_document
from dagster_ikigai.naming import identifier
from dagster_ikigai.runnable import RunnableFlow, Target

if TYPE_CHECKING:
    from ikigai_core import App, DefinitionDocument, Flow, Ikigai


class IkigaiFlow(RunnableFlow):
    """An app's flow and its definition. Making one reads the definition and sends nothing.

    Parameters
    ----------
    app : str
        Name of the app that holds the flow and the datasets that the document names.
    name : str
        Name of the flow in the app.
    definition : str, Path or mapping
        The definition document: a YAML or JSON file's path, or its content.
    create_app : bool, default False
        Create the app where there is none of that name, when the flow is run.

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        The file does not exist.
    ikigai_core.errors.InvalidDefinitionError
        The document has a fault, or no facet writes a dataset or trains a model; the message names the facet.

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

    def __init__(
        self, app: str, name: str, definition: str | Path | Mapping[str, Any], *, create_app: bool = False
    ) -> None:
        from ikigai_core import DefinitionDocument

        self.app = app
        self.name = name
        self.create_app = create_app
        self.definition: DefinitionDocument = DefinitionDocument.load(definition)
        self.facets = facets_of_document(self.definition)
        self.targets = {
            variable: Target(facet, argument)
            for facet, content in self.definition.facets.items()
            for variable, argument in content.variables.items()
        }
        self._check_outputs()

    def __repr__(self) -> str:
        return f"IkigaiFlow(app={self.app!r}, name={self.name!r})"

    @property
    def op_name(self) -> str:
        """Name of the step that runs the flow, for Dagster."""
        return f"{identifier(self.app)}__{identifier(self.name)}"

    @cached_property
    def version(self) -> str:
        """Digest of the definition: it changes when a run of the flow would do something else."""
        content = [self.app, self.name, self.definition.to_dict()]
        return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def remote(self, ikigai: Ikigai) -> tuple[App, Flow]:
        """Bring the flow up to date on the platform, and return it with its app."""
        app = ikigai.app.new(self.app).ensure() if self.create_app else ikigai.apps[self.app]
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
