"""An app as a document: its schemas, models, custom facets, flows, schedules and grants, with names instead of ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator

from ikigai_core.components.schedule import Schedule, whole_seconds_with_zone
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.definition.document_facet import DocumentPart
from ikigai_core.definition.files import json_text, read_file, yaml_text
from ikigai_core.enums import AppAccessLevel, DatasetDataType
from ikigai_core.errors import InvalidDefinitionError
from ikigai_core.validation import check_type, faults_of

Argument = bool | int | float | str
ChainGroup = Literal["INPUT", "MID", "OUTPUT"]

_GRANTED: dict[str, Any] = {
    "additionalProperties": {"enum": [level.value for level in AppAccessLevel if level is not AppAccessLevel.OWNER]}
}


class DatasetDocument(DocumentPart):
    """A dataset without its data.

    Attributes
    ----------
    columns : dict of str to DatasetDataType
        The types of the columns. They follow from the data, so applying the document only compares them.
    directory : str or None
        Path of its directory, such as ``raw/2026``.
    agent_access : bool or None
    """

    columns: dict[str, DatasetDataType] = Field(default_factory=dict)
    directory: str | None = None
    agent_access: bool | None = None


class ModelDocument(DocumentPart):
    """A model without its versions, which runs train.

    Attributes
    ----------
    type : str
        For example ``Linear.Lasso``.
    description, directory : str or None
    """

    type: str
    description: str | None = None
    directory: str | None = None


class CustomFacetDocument(DocumentPart):
    """A custom facet that the app's flows use. It belongs to the user, whose other apps may use it too.

    Attributes
    ----------
    chain_group : {"INPUT", "MID", "OUTPUT"}
    description : str or None
    script : str
    requirements : list of str
    arguments : dict
        Defaults by name.
    versions : list of str
        The versions that flows use. A version that is missing is saved from the script.
    """

    chain_group: ChainGroup
    description: str | None = None
    script: str = ""
    requirements: list[str] = Field(default_factory=list)
    arguments: dict[str, Argument] = Field(default_factory=dict)
    versions: list[str] = Field(default_factory=list)


class ScheduleDocument(DocumentPart):
    """A flow's schedule.

    Attributes
    ----------
    cron : str
        As for `Schedule`.
    name : str or None
        Default: the flow's name.
    start_time, end_time : datetime or None
        Default: from now on, without end.
    """

    cron: str
    name: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None

    _as_stored = field_validator("start_time", "end_time")(whole_seconds_with_zone)

    @field_validator("cron")
    @classmethod
    def _as_the_platform_takes_it(cls, value: str) -> str:
        try:
            return Schedule.of(value, "checked").cron
        except TypeError as error:
            raise ValueError(str(error)) from None

    def over(self, existing: ScheduleDocument | None) -> ScheduleDocument:
        """Return this schedule, with what it leaves out from an existing one."""
        return self if existing is None else existing.model_copy(update=self.model_dump(exclude_none=True))

    def schedule(self, flow: str) -> Schedule:
        """The schedule of a flow with that name."""
        base = Schedule.of(self.cron, self.name or flow).model_dump()
        given = {"start_time": self.start_time, "end_time": self.end_time}
        return Schedule.of({**base, **{name: time for name, time in given.items() if time}}, flow)


class FlowDocument(DocumentPart):
    """A flow.

    Attributes
    ----------
    definition : DefinitionDocument
    schedule : ScheduleDocument or None
    directory : str or None
    high_volume_preference, agent_access : bool or None
    """

    definition: DefinitionDocument
    schedule: ScheduleDocument | None = None
    directory: str | None = None
    high_volume_preference: bool | None = None
    agent_access: bool | None = None

    @field_validator("definition", mode="before")
    @classmethod
    def _checked(cls, value: object) -> object:
        return DefinitionDocument.load(value) if isinstance(value, Mapping) else value

    def to_dict(self) -> dict[str, Any]:
        """The flow as plain values."""
        return {**self.model_dump(mode="json", exclude={"definition"}), "definition": self.definition.to_dict()}


class DirectoriesDocument(DocumentPart):
    """Paths of the app's directories, such as ``raw/2026``, by the kind of what they contain."""

    datasets: list[str] = Field(default_factory=list)
    flows: list[str] = Field(default_factory=list)
    models: list[str] = Field(default_factory=list)


class AppDocument(DocumentPart):
    """An app. What a document leaves out stays as it is on the platform.

    Attributes
    ----------
    name : str
    description : str or None
    access : dict of str to AppAccessLevel
        The levels of other users, by email address.
    directories : DirectoriesDocument
    datasets, models, custom_facets, flows : dict
        Documents by name.
    """

    name: str
    description: str | None = None
    access: dict[str, AppAccessLevel] = Field(default_factory=dict, json_schema_extra=_GRANTED)
    directories: DirectoriesDocument = Field(default_factory=DirectoriesDocument)
    datasets: dict[str, DatasetDocument] = Field(default_factory=dict)
    models: dict[str, ModelDocument] = Field(default_factory=dict)
    custom_facets: dict[str, CustomFacetDocument] = Field(default_factory=dict)
    flows: dict[str, FlowDocument] = Field(default_factory=dict)

    @field_validator("access")
    @classmethod
    def _can_be_granted(cls, value: dict[str, AppAccessLevel]) -> dict[str, AppAccessLevel]:
        for email, level in value.items():
            if level is AppAccessLevel.OWNER:
                raise ValueError(f"{email}: an app has one owner, so OWNER cannot be granted.")
        return value

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any] | AppDocument) -> Self:
        """Read a folder that `save` wrote, a YAML or JSON file with the whole document, or a mapping.

        Raises
        ------
        InvalidInputError
            The folder or the file does not exist.
        InvalidDefinitionError
            The message names the part and its fault.
        """
        if isinstance(source, AppDocument):
            return cls.model_validate(source.to_dict())
        check_type(source, (Mapping, str, Path), "The app", "a document, a mapping, or the path of a folder or file")
        if isinstance(source, Mapping):
            return cls._of("The document", source)
        if Path(source).is_dir():
            from ikigai_core.app_documents.folder import read_folder

            return cls._of(str(source), read_folder(Path(source)))
        return cls._of(*read_file(Path(source), "app's document"))

    @classmethod
    def _of(cls, where: str, content: Any) -> Self:
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InvalidDefinitionError(f"{where} is not the document of an app: {faults_of(error)}") from None
        except InvalidDefinitionError as error:
            raise InvalidDefinitionError(f"{where}: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """The document as plain values, which `load` can read. What is empty is left out."""
        content = self.model_dump(mode="json", exclude={"flows"})
        content["flows"] = {name: flow.to_dict() for name, flow in self.flows.items()}
        return filled(content)

    def to_yaml(self) -> str:
        """The whole document as YAML."""
        return yaml_text(self.to_dict())

    def to_json(self) -> str:
        """The whole document as JSON."""
        return json_text(self.to_dict())

    def save(self, folder: str | Path) -> list[Path]:
        """Write the document to a folder: one file for the app, and one or two for each component.

        Files of components that the document does not have are deleted, so that the folder is this document.

        Returns
        -------
        list of Path
            The files that were written.
        """
        from ikigai_core.app_documents.folder import write_folder

        return write_folder(self.to_dict(), Path(folder))


_KINDS = ("datasets", "models", "custom_facets", "flows")


def filled(content: dict[str, Any]) -> dict[str, Any]:
    """A document's plain values without those that are None or empty. The components themselves stay."""
    found = {name: value for name, value in content.items() if value not in (None, {}, [])}
    for kind in _KINDS:
        if kind in found and isinstance(found[kind], dict) and "name" in content:
            found[kind] = {name: _filled(each) for name, each in found[kind].items()}
    return found


def _filled(part: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in part.items() if value not in (None, {}, [])}
    if isinstance(found.get("schedule"), dict):
        found["schedule"] = _filled(found["schedule"])
    return found
