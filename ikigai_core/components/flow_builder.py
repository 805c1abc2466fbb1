"""Builders of flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from ikigai_core.api import flows
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.api.call import Call
from ikigai_core.catalog.kinds import flows_of
from ikigai_core.components.builder import Builder
from ikigai_core.components.differences import differences
from ikigai_core.components.directory import Directory, reference
from ikigai_core.components.ensuring import ensure_only, find_settled
from ikigai_core.components.flow import AsyncFlow, Flow
from ikigai_core.components.flow_record import FlowRecord
from ikigai_core.components.resolving import CopyOf, Definition, check_form, resolve
from ikigai_core.components.schedule import Schedule
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.errors import InvalidDefinitionError, InvalidInputError
from ikigai_core.procedure import Procedure, send
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.validation import check_new_name

F = TypeVar("F", bound=FlowRecord)


@dataclass(frozen=True)
class FlowPlan:
    """What `.ensure()` would change.

    Attributes
    ----------
    name : str
        The flow's name.
    changes : tuple of str
        As the ``changes`` of a flow: ``("created",)``, the names of changed fields, or ``()`` for none.
    differences : tuple of str
        The differences between the current definition and the new one, one sentence each.
    """

    name: str
    changes: tuple[str, ...]
    differences: tuple[str, ...] = ()


class _FlowBuilderProcedures(Builder, Generic[F]):
    def __init__(self, client: Any, app_id: str, app_name: str, component: type[F]) -> None:
        self._client = client
        self._app_id = app_id
        self._app_name = app_name
        self._component = component
        self._name = ""
        self._definition: Definition | CopyOf = FlowDefinition()
        self._directory: Directory | None = None
        self._high_volume_preference: bool | None = None
        self._agent_access: bool | None = None
        self._schedule: Schedule | None = None

    def new(self, name: str) -> Self:
        """Set the flow's name."""
        self._name = name
        return self

    def definition(self, definition: Definition | FlowRecord) -> Self:
        """Set the flow's definition.

        Parameters
        ----------
        definition : FlowDefinition, Flow, DefinitionDocument, mapping or path
            The definition of a flow is copied. A mapping is a definition in the platform's format, or a definition
            document. A path is that of a document's file.
        """
        if not isinstance(definition, FlowRecord):
            check_form(definition)
            self._definition = definition
            return self
        if definition.app_id != self._app_id:
            raise InvalidInputError(
                f"Flow {definition.name!r} belongs to app {definition.app_id}, not to {self._app_id}: "
                "its definition refers to that app's datasets."
            )
        self._definition = CopyOf(definition.flow_id)
        return self

    def directory(self, directory: Directory) -> Self:
        """Put the flow into a directory."""
        self._directory = directory
        return self

    def high_volume_preference(self, optimize: bool) -> Self:
        """Set whether the platform optimizes the flow for large data."""
        self._high_volume_preference = optimize
        return self

    def agent_access(self, agent_access: bool) -> Self:
        """Allow or forbid the platform's agents to use the flow."""
        self._agent_access = agent_access
        return self

    def schedule(self, schedule: Schedule | Mapping[str, Any] | str) -> Self:
        """Set the flow's schedule. A string is a cron expression, valid from now on."""
        self._schedule = Schedule.of(schedule, self._name)
        return self

    @operation
    def build(self) -> Procedure[F]:
        """Create the flow.

        Raises
        ------
        InvalidInputError, InvalidDefinitionError
            Nothing was created.
        """
        self._check_name()
        definition = yield from resolve(self._definition, self._client, self._app_id, self._app_name)
        flow_id = yield from send(self._creation(definition))
        return (yield from self._fetch(flow_id, ("created",)))

    @operation
    def ensure(self) -> Procedure[F]:
        """Create the flow if it does not exist. Otherwise change the definition and the given settings that differ.

        The flow's ``changes`` are ``("created",)``, the names of the changed fields, or ``()`` if nothing changed.

        Raises
        ------
        AmbiguousError
            Several flows of the app have the name.
        """
        self._check_name()
        definition = yield from resolve(self._definition, self._client, self._app_id, self._app_name)
        kind = flows_of(self._app_id, self._app_name)
        found = yield from ensure_only(kind, self._name, self._creation(definition))
        if found.is_own:
            return (yield from self._fetch(found.component_id, found.changes))
        current = yield from send(flows.fetch(found.component_id))
        differing = self._differing(current, definition)
        if not differing:
            return self._component.bind(current, self._client, found.changes)
        yield from send(flows.edit(self._app_id, found.component_id, **differing))
        return (yield from self._fetch(found.component_id, tuple(differing)))

    @operation
    def plan(self) -> Procedure[FlowPlan]:
        """Find out what `.ensure()` would change now. Changes nothing.

        Raises
        ------
        AmbiguousError
            Several flows of the app have the name.
        InvalidDefinitionError
            The definition is invalid, or refers to something that the app does not have.
        """
        self._check_name()
        definition = yield from resolve(self._definition, self._client, self._app_id, self._app_name)
        found = yield from find_settled(flows_of(self._app_id, self._app_name), self._name)
        if found is None:
            return FlowPlan(self._name, ("created",))
        current = yield from send(flows.fetch(str(found["pipeline_id"])))
        changes = tuple(self._differing(current, definition))
        differences = _differences(current["definition"], definition) if "definition" in changes else ()
        return FlowPlan(self._name, changes, tuple(differences))

    def _check_name(self) -> None:
        check_new_name(self._name, "flow")

    def _differing(self, current: WireRecord, definition: FlowDefinition) -> dict[str, Any]:
        """The given settings that differ from the current ones, as arguments of an edit."""
        differing = differences(
            current,
            self._directory,
            high_volume_preference=self._high_volume_preference,
            agent_access=self._agent_access,
        )
        if not _means(current["definition"], definition):
            differing["definition"] = definition.to_dict()
        if self._schedule is not None and (current.get("schedule") or {}).get("cron") != self._schedule.cron:
            differing["schedule"] = self._schedule.to_dict()
        return differing

    def _creation(self, definition: FlowDefinition) -> Call[str]:
        return flows.create(
            self._app_id,
            self._name,
            definition.to_dict(),
            directory=reference(self._directory),
            high_volume_preference=bool(self._high_volume_preference),
            schedule=self._schedule.to_dict() if self._schedule else None,
            agent_access=self._agent_access,
        )

    def _fetch(self, flow_id: str, changes: tuple[str, ...]) -> Procedure[F]:
        record = yield from send(flows.fetch(flow_id))
        return self._component.bind(record, self._client, changes)


def _means(current: WireRecord, definition: FlowDefinition) -> bool:
    try:
        return definition.same_as(FlowDefinition.load(current))
    except InvalidDefinitionError:
        # The platform also stores definitions that are invalid.
        return False


def _differences(current: WireRecord, definition: FlowDefinition) -> list[str]:
    try:
        return FlowDefinition.load(current).diff(definition)
    except InvalidDefinitionError:
        return ["the current definition is invalid"]


class FlowBuilder(SyncFace, _FlowBuilderProcedures[Flow]):
    """Builds a flow: ``app.flow.new(name).definition(d).build()``."""


class AsyncFlowBuilder(AsyncFace, _FlowBuilderProcedures[AsyncFlow]):
    """Builds a flow: ``await app.flow.new(name).definition(d).build()``."""
