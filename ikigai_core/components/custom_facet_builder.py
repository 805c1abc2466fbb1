"""The building of custom facets."""

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


class _CustomFacetBuilderText(Builder, Generic[C]):
    def __init__(self, client: Any, component: type[C]) -> None:
        self._client = client
        self._component = component
        self._name = ""
        self._facet_type: FacetType | None = None
        self._description = ""
        self._script = Script("")

    def new(self, name: str, facet_type: FacetType) -> Self:
        """Name the custom facet, and say of which chain group it is.

        Parameters
        ----------
        facet_type : FacetType
            Such as ``ikigai.facet_types.MID.CUSTOM_FACET``.
        """
        check_type(facet_type, FacetType, "The facet type", "such as ikigai.facet_types.MID.CUSTOM_FACET")
        self._name = name
        self._facet_type = facet_type
        return self

    def description(self, description: str) -> Self:
        """Describe the custom facet."""
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
        """Say what the custom facet does.

        Parameters
        ----------
        script : str or Path
            Python 3.10: reads the frame ``data`` and leaves a frame in ``result``. A path is read.
        requirements : list of str or Path, optional
            Libraries, as pip names them, or the path of a requirements file.
        system_access : bool, default False
            The platform grants it no longer: True warns.
        arguments : mapping, optional
            Defaults by name; each is a variable of the script.
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
            No name or no facet type was given. Nothing was sent.
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


class CustomFacetBuilder(SyncFace, _CustomFacetBuilderText[CustomFacet]):
    """Builds a custom facet: ``ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""


class AsyncCustomFacetBuilder(AsyncFace, _CustomFacetBuilderText[AsyncCustomFacet]):
    """Builds a custom facet: ``await ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""
