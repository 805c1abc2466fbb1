"""Builders of custom facets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from ikigai_core.api import custom_facets
from ikigai_core.catalog.kinds import with_facet_type
from ikigai_core.components.builder import Builder
from ikigai_core.components.custom_facet import (
    AsyncCustomFacet,
    CustomFacet,
    CustomFacetRecord,
    Script,
    warn_of_system_access,
)
from ikigai_core.errors import InvalidInputError
from ikigai_core.procedure import Procedure, send
from ikigai_core.specs.custom_facet import Argument
from ikigai_core.specs.facet import FacetType
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.validation import check_new_name, check_type

C = TypeVar("C", bound=CustomFacetRecord)


class _CustomFacetBuilderProcedures(Builder, Generic[C]):
    def __init__(self, client: Any, component: type[C]) -> None:
        self._client = client
        self._component = component
        self._name = ""
        self._facet_type: FacetType | None = None
        self._description = ""
        self._script = Script("")

    def new(self, name: str, facet_type: FacetType) -> Self:
        """Set the custom facet's name and its chain group.

        Parameters
        ----------
        facet_type : FacetType
            For example ``ikigai.facet_types.MID.CUSTOM_FACET``.
        """
        check_type(facet_type, FacetType, "The facet type", "such as ikigai.facet_types.MID.CUSTOM_FACET")
        self._name = name
        self._facet_type = facet_type
        return self

    def description(self, description: str) -> Self:
        """Set the custom facet's description."""
        self._description = description
        return self

    def script(
        self,
        script: str | Path,
        *,
        requirements: list[str] | Path | None = None,
        system_access: bool = False,
        arguments: Mapping[str, Argument] | None = None,
    ) -> Self:
        """Set the script of the custom facet.

        Parameters
        ----------
        script : str or Path
            Python 3.10 code that reads the frame ``data`` and stores a frame in ``result``; or the path of such a file.
        requirements : list of str or Path, optional
            Libraries, with their names for pip, or the path of a requirements file.
        system_access : bool, default False
            No longer supported by the platform: True causes a warning.
        arguments : mapping, optional
            Defaults by name. Each argument is a variable of the script.
        """
        warn_of_system_access(system_access)
        self._script = Script(script, requirements, arguments)
        return self

    @operation
    def build(self) -> Procedure[C]:
        """Create the custom facet.

        Raises
        ------
        InvalidInputError
            The name or the facet type is missing. Nothing was sent.
        """
        check_new_name(self._name, "custom facet")
        if self._facet_type is None:
            raise InvalidInputError("A custom facet needs a facet type: begin with .new(name, facet_type=…).")
        custom_facet_id = yield from send(
            custom_facets.create(
                self._facet_type.chain_group,
                name=self._name,
                description=self._description,
                tags=[],
                **self._script.fields(),
            )
        )
        record = yield from send(custom_facets.fetch(custom_facet_id))
        complete = yield from with_facet_type(record, self._client)
        return self._component.bind(complete, self._client, ("created",))


class CustomFacetBuilder(SyncFace, _CustomFacetBuilderProcedures[CustomFacet]):
    """Builds a custom facet: ``ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""


class AsyncCustomFacetBuilder(AsyncFace, _CustomFacetBuilderProcedures[AsyncCustomFacet]):
    """Builds a custom facet: ``await ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""
