"""Facet types, which flows are built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

from ikigai_core.errors import UnknownFacetTypeError
from ikigai_core.records import OwnNames, read_as
from ikigai_core.specs.lookup import TypesByName
from ikigai_core.specs.value import ArgumentSpec, by_name


class FacetInfo(BaseModel):
    """The platform's classification of a facet type."""

    facet_uid: str
    chain_group: str
    facet_group: str
    facet_type: str


class FacetRequirement(BaseModel):
    """The allowed numbers of children and parents of a facet."""

    max_child_count: int
    min_child_count: int
    max_parent_count: int
    min_parent_count: int


class FacetType(OwnNames, BaseModel):
    """A type of facet, with the arguments of the facet and its arrows."""

    model_config = ConfigDict(frozen=True)

    facet_info: FacetInfo
    is_deprecated: bool = False
    is_hidden: bool = False
    facet_requirement: FacetRequirement = Field(
        validation_alias=AliasChoices("facet_requirement", "facet_requirements")
    )
    facet_arguments: dict[str, ArgumentSpec]
    in_arrow_arguments: dict[str, ArgumentSpec]
    out_arrow_arguments: dict[str, ArgumentSpec]

    @field_validator("facet_arguments", "in_arrow_arguments", "out_arrow_arguments", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return by_name(value)

    @property
    def facet_uid(self) -> str:
        """The platform's id of the facet type, for example ``I_005``."""
        return self.facet_info.facet_uid

    @property
    def name(self) -> str:
        """The facet type's name, for example ``IMPORTED``."""
        return self.facet_info.facet_type

    @property
    def title(self) -> str:
        """The name for messages, for example ``Imported``."""
        return self.name.title()

    @property
    def chain_group(self) -> str:
        """``INPUT``, ``MID`` or ``OUTPUT``."""
        return self.facet_info.chain_group

    def is_ml_facet(self) -> bool:
        """True if the facet uses a model."""
        return self.facet_info.facet_group.upper() == "MACHINE_LEARNING"

    def __repr__(self) -> str:
        return f"<{self.chain_group} facet type {self.name} ({self.facet_uid}); .help() shows its arguments>"

    __str__ = __repr__

    def help(self) -> str:
        """Help text: the arguments with their types, defaults and options."""
        return "\n".join(self.help_lines())

    def help_lines(self) -> Iterator[str]:
        """The lines of the help text."""
        yield f"{self.title}:"
        sections = {
            "facet_arguments": self.facet_arguments,
            "in_arrow_arguments": self.in_arrow_arguments,
            "out_arrow_arguments": self.out_arrow_arguments,
        }
        if not _visible(self.facet_arguments):
            yield "  No arguments"
            return
        for section, arguments in sections.items():
            if visible := _visible(arguments):
                yield f"  {section}:"
                for argument in visible:
                    yield from (f"    {line}" for line in argument.help_lines())


class _FacetGroups(BaseModel):
    groups: dict[str, dict[str, FacetType]]


def _visible(arguments: Mapping[str, ArgumentSpec]) -> list[ArgumentSpec]:
    return [argument for argument in arguments.values() if not argument.is_hidden]


class FacetTypeGroup(TypesByName[FacetType]):
    """The facet types of a chain group: ``MID.Count``, ``MID["COUNT"]``."""

    def __init__(self, chain_group: str, facet_types: Iterable[FacetType]) -> None:
        super().__init__(facet_types, f"{chain_group} facet", UnknownFacetTypeError)

    def help(self) -> str:
        """Help text for all facet types."""
        return "\n".join(self.help_lines())

    def help_lines(self) -> Iterator[str]:
        """The lines of the help text."""
        for facet_type in self:
            yield from (f"  {line}" for line in facet_type.help_lines())


class FacetTypes:
    """All facet types of the platform, by chain group.

    Parameters
    ----------
    specs : mapping
        The platform's specifications: chain group → facet group → facet type → spec.
    """

    def __init__(self, specs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self.INPUT = _chain_group("INPUT", specs)
        self.MID = _chain_group("MID", specs)
        self.OUTPUT = _chain_group("OUTPUT", specs)

    def group(self, name: str) -> FacetTypeGroup:
        """The chain group with that name: ``INPUT``, ``MID`` or ``OUTPUT``."""
        groups = {"INPUT": self.INPUT, "MID": self.MID, "OUTPUT": self.OUTPUT}
        if name.upper() not in groups:
            raise UnknownFacetTypeError(f"Chain group {name!r} does not exist: there are INPUT, MID and OUTPUT.")
        return groups[name.upper()]

    def find(self, path: str) -> FacetType:
        """The facet type of a path, for example ``MID.Count``.

        Raises
        ------
        UnknownFacetTypeError
            The message names the most similar facet type.
        """
        chain_group, dot, name = str(path).partition(".")
        if not dot:
            hint = self._where(chain_group)
            raise UnknownFacetTypeError(f"Facet type {path!r} does not exist. {hint}")
        return self.group(chain_group)[name]

    def _where(self, name: str) -> str:
        """A hint that names the chain groups with that facet type."""
        groups = [group for group in ("INPUT", "MID", "OUTPUT") if name in self.group(group)]
        paths = " or ".join(f"'{group}.{self.group(group)[name].name}'" for group in groups)
        return f"Did you mean {paths}?" if paths else "Write it as INPUT.…, MID.… or OUTPUT.…."

    def find_by_uid(self, uid: str) -> FacetType:
        """The facet type of a uid, for example ``M_003``. Raises `KeyError` if there is none."""
        for group in (self.INPUT, self.MID, self.OUTPUT):
            for facet_type in group:
                if facet_type.facet_uid == uid:
                    return facet_type
        raise KeyError(f"Facet type with UID {uid} not found")

    def help(self) -> str:
        """Help text for all facet types."""
        lines: list[str] = []
        for name in ("INPUT", "MID", "OUTPUT"):
            lines += [name, *(f"  {line}" for line in self.group(name).help_lines())]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return "<facet types: INPUT, MID, OUTPUT>"


def _chain_group(name: str, specs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> FacetTypeGroup:
    groups = read_as(_FacetGroups, {"groups": specs.get(name, {})}, f"{name} facet type").groups
    # The platform returns the facet groups in reverse order.
    return FacetTypeGroup(name, [spec for group in reversed(groups.values()) for spec in group.values()])
