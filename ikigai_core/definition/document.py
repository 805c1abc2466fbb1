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

from pydantic import BaseModel, ValidationError, field_validator, model_validator

from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.facet_builder import FacetBuilder
from ikigai_core.definition.files import json_text, read_file, yaml_text
from ikigai_core.errors import InvalidDefinitionError, UnsupportedByModelError, did_you_mean
from ikigai_core.records import OwnNames
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes
from ikigai_core.validation import check_type, faults_of

if TYPE_CHECKING:
    from ikigai_core.components.custom_facet import CustomFacetVersion


class _Part(OwnNames, BaseModel):
    """A part of a document. Unknown keys are refused."""

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, value: object) -> object:
        for key in value if isinstance(value, Mapping) else ():
            if key not in cls.model_fields:
                raise ValueError(f"there is no key {key!r} here. {did_you_mean(str(key), cls.model_fields)}")
        return value


class DocumentFacet(_Part):
    """One facet of a document.

    Attributes
    ----------
    type : str
        For example ``MID.Count``.
    dataset : str or None
        Name of the dataset that an Imported facet reads. In Python, the dataset object is accepted too.
    model : str or None
        Type of the model that a model facet uses, for example ``Linear.Lasso``.
    custom_facet, version : str or None
        Names of the custom facet and its version. Without a version, each run uses the newest one.
    after : list of (str, dict)
        The facets whose output it takes, with the arguments of the arrows.
    arguments : dict
    parameters, hyperparameters : dict
        Settings of the model.
    variables : dict of str to str
        Arguments by the names of their run variables.
    """

    type: str
    dataset: str | None = None
    model: str | None = None
    custom_facet: str | None = None
    version: str | None = None
    after: list[tuple[str, dict[str, Any]]] = []
    arguments: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    hyperparameters: dict[str, Any] = {}
    variables: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _dataset_itself(cls, value: object) -> object:
        dataset: Any = value.get("dataset") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not hasattr(dataset, "dataset_id"):
            return value
        arguments = {**(value.get("arguments") or {}), "dataset_id": dataset.dataset_id}
        return {**value, "dataset": dataset.name, "arguments": arguments}

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.model is None and (self.parameters or self.hyperparameters):
            raise ValueError("parameters and hyperparameters are a model's: name its type, as in model: Linear.Lasso")
        if self.custom_facet is None and self.version is not None:
            raise ValueError("a version is a custom facet's: name it, as in custom_facet: My facet")
        if self.custom_facet is not None and self.model is not None:
            raise ValueError("a facet is a custom facet or works with a model, not both")
        return self

    @field_validator("after", mode="before")
    @classmethod
    def _as_list(cls, value: object) -> object:
        entries = value if isinstance(value, list) else [value]
        return [_parent(entry) for entry in entries if entry is not None]

    @property
    def chain_group(self) -> str:
        """``INPUT``, ``MID`` or ``OUTPUT``."""
        return self.type.partition(".")[0].upper()

    def to_dict(self) -> dict[str, Any]:
        """The facet as plain values, without empty fields."""
        settings = {**self.model_dump(exclude_none=True, exclude={"type"})}
        settings["after"] = [{"facet": parent, **arguments} for parent, arguments in self.after]
        return {"type": self.type, **{name: value for name, value in settings.items() if value}}


def _parent(entry: object) -> tuple[str, dict[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and isinstance(entry.get("facet"), str):
        return entry["facet"], {key: value for key, value in entry.items() if key != "facet"}
    raise ValueError("expected a facet's name, or a mapping with `facet` and the arrow's arguments")


class DefinitionDocument(_Part):
    """A flow definition with names instead of ids. `after` connects the facets."""

    facets: dict[str, DocumentFacet]

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

    def to_dict(self) -> dict[str, Any]:
        """The document as plain values, which `load` can read."""
        return {"facets": {name: facet.to_dict() for name, facet in self.facets.items()}}

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
                version = (custom_facets or {}).get(name)
                built[name] = _add(builder, name, facet, arguments, facet_types, model_types, version)
                built[name].variables(**facet.variables)
            except (InvalidDefinitionError, UnsupportedByModelError) as error:
                raise type(error)(f"Facet {name!r}: {error}") from None
        for name, facet in self.facets.items():
            for parent, arrow_arguments in facet.after:
                try:
                    built[name].add_arrow(built[parent], **arrow_arguments)
                except InvalidDefinitionError as error:
                    raise type(error)(f"Facet {name!r}, after {parent!r}: {error}") from None
        return builder.build_checked()


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
