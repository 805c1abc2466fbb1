"""Flow definitions that people write by hand, as YAML, JSON or a dict.

A document contains names of facet types and datasets instead of ids. So it can be written, templated and version
controlled without a request to the platform. The names are resolved when the flow is built or ensured.

Examples
--------
::

    facets:
      flights:
        type: INPUT.Imported
        dataset: flights
        arguments: {file_type: csv, header: true, use_raw_file: false}
      late:
        type: MID.Python
        after: flights
        arguments: {script: 'result = data[data["dep_delay"] >= 60]'}
      output:
        type: OUTPUT.Exported
        after: late
        arguments: {dataset_name: late_flights, file_type: csv, header: true}
        variables: {output: dataset_name}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, ValidationError

from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document_facet import DocumentFacet, DocumentPart
from ikigai_core.definition.facet_builder import FacetBuilder
from ikigai_core.definition.files import json_text, read_file, yaml_text
from ikigai_core.errors import InvalidDefinitionError, UnsupportedByModelError, did_you_mean
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes
from ikigai_core.validation import check_type, faults_of

if TYPE_CHECKING:
    from ikigai_core.components.custom_facet import CustomFacetVersion


class DefinitionDocument(DocumentPart):
    """A flow definition with names instead of ids. `after` connects the facets."""

    facets: dict[str, DocumentFacet]
    model_variables: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any] | DefinitionDocument) -> Self:
        """Read a document from a YAML or JSON file, or from a mapping.

        Raises
        ------
        InvalidInputError
            The file does not exist.
        InvalidDefinitionError
            The message names the facet and its fault.
        """
        if isinstance(source, DefinitionDocument):
            return cls.model_validate(source.to_dict())
        check_type(source, (Mapping, str, Path), "The definition", "a document, a mapping, or a file's path")
        where, content = ("The definition", source) if isinstance(source, Mapping) else read_file(Path(source))
        try:
            document = cls.model_validate(content)
        except ValidationError as error:
            raise InvalidDefinitionError(f"{where} is not a flow definition: {faults_of(error)}") from None
        document._check_parents(where)
        return document

    def _check_parents(self, where: str) -> None:
        for name, facet in self.facets.items():
            for parent, _ in facet.after:
                if parent not in self.facets:
                    hint = did_you_mean(parent, self.facets)
                    raise InvalidDefinitionError(
                        f"{where}: facet {name!r} comes after {parent!r}, which is not there. {hint}"
                    )

    @property
    def inputs(self) -> dict[str, str]:
        """Names of the datasets that the flow reads, by facet."""
        return {name: facet.dataset for name, facet in self.facets.items() if facet.dataset is not None}

    @property
    def inputs_by_name(self) -> dict[str, str]:
        """Names of the datasets whose id must be looked up, by facet."""
        return {
            name: dataset for name, dataset in self.inputs.items() if "dataset_id" not in self.facets[name].arguments
        }

    @property
    def outputs(self) -> dict[str, str]:
        """Names of the datasets that the flow writes, by facet."""
        return {
            name: str(facet.arguments["dataset_name"])
            for name, facet in self.facets.items()
            if "dataset_name" in facet.arguments
        }

    @property
    def directories(self) -> dict[str, str]:
        """The directories of datasets that the flow writes to, by facet."""
        return {name: facet.directory for name, facet in self.facets.items() if facet.directory is not None}

    @property
    def models(self) -> dict[str, str]:
        """Names of the models that the flow uses, by facet, except those that a run variable names."""
        return {
            name: str(facet.arguments["model_name"])
            for name, facet in self.facets.items()
            if facet.arguments.get("model_name") and "model_name" not in facet.variables.values()
        }

    def output_names(self, variables: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Names of the datasets that a run with these variables writes, by facet."""
        given = variables or {}
        replaced = {
            name: str(given[variable])
            for name, facet in self.facets.items()
            for variable, argument in facet.variables.items()
            if argument == "dataset_name" and variable in given
        }
        return {**self.outputs, **replaced}

    def imported(self) -> list[str]:
        """Names of the datasets that the flow reads, without duplicates, in the order of the facets."""
        return list(dict.fromkeys(self.inputs.values()))

    def exported(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Names of the datasets that a run with these variables writes, without duplicates, in the facets' order."""
        return list(dict.fromkeys(self.output_names(variables).values()))

    @property
    def variables(self) -> dict[str, str]:
        """The run variables, with the names of their facets."""
        return {variable: name for name, facet in self.facets.items() for variable in facet.variables}

    def _repr_svg_(self) -> str:
        """The drawing that notebooks show."""
        from ikigai_core.definition.svg import svg

        facets = {name: (name, facet.type) for name, facet in self.facets.items()}
        arrows = [
            (parent, name, ", ".join(map(str, roles.values())))
            for name, facet in self.facets.items()
            for parent, roles in facet.after
        ]
        return svg(facets, arrows)

    def to_dict(self) -> dict[str, Any]:
        """The document as plain values, which `load` can read."""
        facets = {name: facet.to_dict() for name, facet in self.facets.items()}
        return {"facets": facets, **({"model_variables": self.model_variables} if self.model_variables else {})}

    def to_json(self) -> str:
        """The document as JSON."""
        return json_text(self.to_dict())

    def to_yaml(self) -> str:
        """The document as YAML."""
        return yaml_text(self.to_dict())

    def resolve(
        self,
        facet_types: FacetTypes,
        dataset_ids: Mapping[str, str],
        model_types: ModelTypes | None = None,
        custom_facets: Mapping[str, CustomFacetVersion] | None = None,
        directory_ids: Mapping[str, str] | None = None,
    ) -> FlowDefinition:
        """Build and check the definition.

        Parameters
        ----------
        facet_types : FacetTypes
            The platform's facet types.
        dataset_ids : mapping of str to str
            The id of each dataset in `inputs`.
        model_types : ModelTypes, optional
            The platform's model types; needed if a facet has a model.
        custom_facets : mapping of str to CustomFacetVersion, optional
            The version of each custom facet, by the name of the document's facet.
        directory_ids : mapping of str to str, optional
            The id of each directory in `directories`; needed if a facet has a directory.

        Raises
        ------
        InvalidDefinitionError
            The message names the facet and its fault.
        """
        builder = FlowDefinitionBuilder()
        built: dict[str, FacetBuilder] = {}
        for name, facet in self.facets.items():
            try:
                arguments = dict(facet.arguments)
                if facet.dataset is not None and "dataset_id" not in arguments:
                    arguments["dataset_id"] = dataset_ids[facet.dataset]
                if facet.directory is not None:
                    arguments["directory"] = (directory_ids or {})[facet.directory]
                version = (custom_facets or {}).get(name)
                built[name] = _add(builder, name, facet, arguments, facet_types, model_types, version)
                if facet.variables:
                    built[name].variables(**facet.variables)
            except (InvalidDefinitionError, UnsupportedByModelError) as error:
                raise type(error)(f"Facet {name!r}: {error}") from None
        for name, facet in self.facets.items():
            for parent, arrow_arguments in facet.after:
                try:
                    built[name].add_arrow(built[parent], **arrow_arguments)
                except InvalidDefinitionError as error:
                    raise type(error)(f"Facet {name!r}, after {parent!r}: {error}") from None
        return builder.build_checked().model_copy(update={"model_variables": self.model_variables})


def _add(
    builder: FlowDefinitionBuilder,
    name: str,
    facet: DocumentFacet,
    arguments: Mapping[str, Any],
    facet_types: FacetTypes,
    model_types: ModelTypes | None,
    version: CustomFacetVersion | None,
) -> FacetBuilder:
    facet_type = facet_types.find(facet.type)
    name = name if facet.name is None else facet.name
    if version is not None:
        if version.facet_type.chain_group != facet_type.chain_group:
            raise InvalidDefinitionError(
                f"Custom facet {facet.custom_facet!r} is one of {version.facet_type.chain_group}."
            )
        return builder.custom_facet(version, name, arguments)
    if facet.model is None or model_types is None:
        return builder.facet(facet_type, name, arguments)
    added = builder.model_facet(facet_type, model_types.find(facet.model), name, arguments)
    if facet.parameters:
        added.parameters(**facet.parameters)
    if facet.hyperparameters:
        added.hyperparameters(**facet.hyperparameters)
    return added
