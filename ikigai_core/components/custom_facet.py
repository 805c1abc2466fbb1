"""Custom facets: steps of flows that a user wrote in Python. They belong to the user, not to an app."""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, PrivateAttr, field_validator

from ikigai_core.api import custom_facets
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.components.access import Access, AsyncAccess, custom_facet_grants
from ikigai_core.components.component import Component
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.enums import CustomFacetAccessLevel
from ikigai_core.errors import MissingFileError
from ikigai_core.procedure import Procedure, send, send_removal
from ikigai_core.records import Record, printed
from ikigai_core.specs.custom_facet import Argument, CustomFacetArgument, CustomFacetType
from ikigai_core.specs.facet import FacetType
from ikigai_core.specs.value import by_name
from ikigai_core.sync_async import AsyncFace, SyncFace, edit, operation
from ikigai_core.validation import check_name, check_text, check_type

PLATFORM_PYTHON = (3, 10)
"""The platform's Python version. Scripts must be valid in it."""


class Script:
    """A script, its requirements, and its arguments with their defaults.

    Raises
    ------
    MissingFileError
    InvalidInputError
        The default of an argument has a type that the platform does not know.
    SyntaxError
        The script is not valid in the platform's Python version.
    """

    def __init__(
        self,
        script: str | Path,
        requirements: list[str] | Path | None = None,
        arguments: Mapping[str, Argument] | None = None,
    ) -> None:
        check_type(script, (str, Path), "The script", "a text, or the path of one")
        self.text = textwrap.dedent(_text_of(script) if isinstance(script, Path) else script)
        ast.parse(self.text, feature_version=PLATFORM_PYTHON)
        lines = _text_of(requirements).splitlines() if isinstance(requirements, Path) else requirements or []
        self.requirements = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        self.arguments = {name: CustomFacetArgument.of(name, value) for name, value in (arguments or {}).items()}

    def fields(self) -> WireRecord:
        """The script in the format of the platform's API."""
        return {
            "python_script": self.text,
            "libraries": self.requirements,
            "arguments": [argument.to_dict() for argument in self.arguments.values()],
        }


def warn_of_system_access(system_access: bool) -> None:
    """Warn the caller of a public method, two calls up, that `system_access` no longer has an effect."""
    if system_access:
        warnings.warn(
            "The platform grants scripts no system access any longer: system_access is ignored.",
            DeprecationWarning,
            stacklevel=4,
        )


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise MissingFileError(f"The file {str(path)!r} does not exist (looked in {path.resolve().parent}).")
    return path.read_text(encoding="utf-8")


class CustomFacetVersion(Record):
    """A version of a custom facet, for use in flows: ``builder.custom_facet(version)``.

    Attributes
    ----------
    name, version_id, custom_facet_id, description : str
        An unpinned version has an empty version id.
    arguments : dict of str to CustomFacetArgument
    created_at : datetime
        With time zone.
    """

    name: str = Field(validation_alias="version")
    version_id: str
    custom_facet_id: str
    description: str = ""
    arguments: dict[str, CustomFacetArgument] = Field(default_factory=dict)
    created_at: datetime

    _chain_facet_type: FacetType = PrivateAttr()

    @field_validator("arguments", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return by_name(value)

    @classmethod
    def of(cls, data: Mapping[str, Any], facet_type: FacetType) -> Self:
        """Read the platform's data of a version. `facet_type` is the facet type of its custom facet."""
        self = cls.read(data)
        self._chain_facet_type = facet_type
        return self

    @property
    def facet_type(self) -> CustomFacetType:
        """The version as a facet type."""
        return CustomFacetType.of(self._chain_facet_type, self.custom_facet_id, self.version_id, self.arguments)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class CustomFacetRecord(Component):
    """Record of a custom facet, as the platform describes it.

    Attributes
    ----------
    custom_facet_id, name, description, script : str
    facet_type : FacetType
        ``CUSTOM_FACET`` of its chain group.
    requirements : list of str
    arguments : dict of str to CustomFacetArgument
    created_at, modified_at : datetime
        With time zone.
    """

    custom_facet_id: str
    name: str
    facet_type: FacetType = Field(repr=False)
    description: str = ""
    script: str = Field(default="", validation_alias="python_script")
    requirements: list[str] = Field(default_factory=list, validation_alias="libraries")
    rootkit_token: str = Field(default="", repr=False, exclude=True)
    arguments: dict[str, CustomFacetArgument] = Field(default_factory=dict)
    created_at: datetime
    modified_at: datetime

    @field_validator("arguments", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return by_name(value)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class _CustomFacetProcedures:
    """Operations of a custom facet."""

    if TYPE_CHECKING:
        custom_facet_id: str
        name: str
        facet_type: FacetType
        description: str
        script: str
        requirements: list[str]
        rootkit_token: str
        arguments: dict[str, CustomFacetArgument]
        created_at: datetime

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Rename the custom facet."""
        check_name(name, "custom facet")
        yield from send(custom_facets.edit(self.custom_facet_id, self.facet_type.chain_group, name=name))
        self.name = name

    @edit
    def update_description(self, description: str) -> Procedure[None]:
        """Change the description."""
        check_text(description, "The description")
        yield from send(custom_facets.edit(self.custom_facet_id, self.facet_type.chain_group, description=description))
        self.description = description

    @edit
    def update_script(
        self,
        script: str | Path,
        *,
        requirements: list[str] | Path | None = None,
        system_access: bool = False,
        arguments: Mapping[str, Argument] | None = None,
    ) -> Procedure[None]:
        """Change the draft: script, requirements and arguments. Parameters as for the builder."""
        warn_of_system_access(system_access)
        draft = Script(script, requirements, arguments)
        yield from send(custom_facets.edit(self.custom_facet_id, self.facet_type.chain_group, **draft.fields()))
        self.script, self.requirements, self.arguments = draft.text, draft.requirements, draft.arguments

    @operation
    def create_version(self, name: str) -> Procedure[CustomFacetVersion]:
        """Save the draft as a version."""
        version_id = yield from send(
            custom_facets.create_version(
                self.custom_facet_id,
                version=name,
                description=self.description,
                python_script=self.script,
                libraries=self.requirements,
                rootkit_token=self.rootkit_token,
                arguments=[argument.to_dict() for argument in self.arguments.values()],
            )
        )
        record = yield from send(custom_facets.version(self.custom_facet_id, version_id))
        return CustomFacetVersion.of(record, self.facet_type)

    @operation
    def versions(self) -> Procedure[NamedMapping[CustomFacetVersion]]:
        """List the saved versions, as a mapping by name, newest first."""
        return (yield from self._versions())

    @operation
    def unpinned(self) -> Procedure[CustomFacetVersion]:
        """A version that stands for the newest one at the time of the run. Without versions, it describes the draft."""
        versions = yield from self._versions()
        newest = max(versions.values(), key=lambda version: version.created_at, default=None)
        described: Any = newest or self
        return CustomFacetVersion.of(
            {
                "version": "",
                "version_id": "",
                "custom_facet_id": self.custom_facet_id,
                "description": described.description,
                "arguments": described.arguments,
                "created_at": described.created_at,
            },
            self.facet_type,
        )

    def _versions(self) -> Procedure[NamedMapping[CustomFacetVersion]]:
        found = yield from send(custom_facets.versions(self.custom_facet_id))
        versions = (CustomFacetVersion.of(record, self.facet_type) for record in found.records)
        return NamedMapping({version.version_id: version for version in versions})

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """Fetch the platform's full record of the custom facet, as plain values with the platform's names."""
        return (yield from send(custom_facets.fetch(self.custom_facet_id)))

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the custom facet with its versions."""
        yield from send_removal(custom_facets.delete(self.custom_facet_id))


class CustomFacet(CustomFacetRecord, SyncFace, _CustomFacetProcedures):
    """A custom facet of the user."""

    @property
    def access(self) -> Access[CustomFacetAccessLevel]:
        """The access of other users to the custom facet: ``custom_facet.access.grant(email, level)``."""
        return Access(self._client, custom_facet_grants(self.custom_facet_id))


class AsyncCustomFacet(CustomFacetRecord, AsyncFace, _CustomFacetProcedures):
    """A custom facet of the user; its operations are awaited."""

    @property
    def access(self) -> AsyncAccess[CustomFacetAccessLevel]:
        """The access of other users to the custom facet: ``await custom_facet.access.grant(email, level)``."""
        return AsyncAccess(self._client, custom_facet_grants(self.custom_facet_id))
