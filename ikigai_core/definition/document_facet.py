"""One facet of a definition document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, WithJsonSchema, field_validator, model_validator

from ikigai_core.errors import did_you_mean
from ikigai_core.records import OwnNames

_PARENT: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "object", "properties": {"facet": {"type": "string"}}, "required": ["facet"]},
]
_AFTER = {"anyOf": [*_PARENT, {"type": "array", "items": {"anyOf": _PARENT}}]}


class DocumentPart(OwnNames, BaseModel):
    """A part of a document. Unknown keys are refused."""

    # For the JSON Schema. The check below has a better message.
    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, value: object) -> object:
        for key in value if isinstance(value, Mapping) else ():
            if key not in cls.model_fields:
                raise ValueError(f"there is no key {key!r} here. {did_you_mean(str(key), cls.model_fields)}")
        return value


class DocumentFacet(DocumentPart):
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
    directory : str or None
        The directory of datasets that an Exported facet writes to: its name, after the names of the directories that it
        is in, as in ``raw/2026``.
    name : str or None
        The facet's name on the platform, if it is not the document's name of the facet.
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
    directory: str | None = None
    name: str | None = None
    after: Annotated[list[tuple[str, dict[str, Any]]], WithJsonSchema(_AFTER)] = []
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
        settings = self.model_dump(exclude_none=True, exclude={"type", "after"})
        filled = {name: value for name, value in settings.items() if value or name == "name"}
        after = [{"facet": parent, **arguments} if arguments else parent for parent, arguments in self.after]
        return {"type": self.type, **({"after": after} if after else {}), **filled}


def _parent(entry: object) -> tuple[str, dict[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and isinstance(entry.get("facet"), str):
        return entry["facet"], {key: value for key, value in entry.items() if key != "facet"}
    raise ValueError("expected a facet's name, or a mapping with `facet` and the arrow's arguments")
