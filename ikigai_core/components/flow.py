"""Flows: the jobs of an app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ikigai_core.api import flows
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.api.answers import get_field
from ikigai_core.components.directory import Directory, place
from ikigai_core.components.flow_record import FlowRecord
from ikigai_core.components.naming import document_of
from ikigai_core.components.resolving import Definition, resolve
from ikigai_core.components.schedule import NO_SCHEDULE, Schedule
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.definition.older import in_todays_form
from ikigai_core.procedure import Procedure, send, send_removal
from ikigai_core.run_records import FlowStatusReport, RunLog
from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun
from ikigai_core.runs.keeping import Keep
from ikigai_core.runs.launch import Launch, Launched
from ikigai_core.runs.lease import NoLease, StartLease
from ikigai_core.runs.progress import progress_bar
from ikigai_core.runs.start import launch
from ikigai_core.runs.start_options import Isolation, OnBusy, OnDoubt, StartOptions
from ikigai_core.runs.state import RunState
from ikigai_core.sync_async import AsyncFace, SyncFace, edit, operation
from ikigai_core.validation import check_flag, check_json, check_name, check_type

R = TypeVar("R", FlowRun, AsyncFlowRun)


class _FlowProcedures(Generic[R]):
    """Operations of a flow."""

    if TYPE_CHECKING:
        app_id: str
        flow_id: str
        name: str
        agent_access: bool
        schedule: Schedule | None
        _client: Any

    def _run_of(self, launched: Launched, keep: Keep | None) -> R:
        raise TypeError("made by the sync and async faces only")

    @operation
    def launch(
        self,
        variables: Mapping[str, Any] | None = None,
        *,
        on_busy: OnBusy = "fail",
        isolation: Isolation = "shared",
        on_doubt: OnDoubt = "fail",
        keep: Keep | None = None,
        previous: Mapping[str, Any] | None = None,
        lease: StartLease | None = None,
        unique_output: str | None = None,
        keep_copies: bool = False,
        timeout: float | None = None,
    ) -> Procedure[R]:
        """Start the flow, or resume the run that an earlier attempt stored. Never starts it twice.

        Parameters
        ----------
        variables : mapping, optional
            The run variables. Their names are not restricted, unlike those of `start`.
        on_busy : {"fail", "wait", "attach"}, default "fail"
            Reaction if the flow is already running.
        isolation : {"shared", "copy"}, default "shared"
            ``copy`` runs a private copy of the flow, made for this run only. A copy is never busy and can run beside
            others, and its run is always known with certainty. It has no schedule and no grants, and starts no
            downstream flows. It is deleted after the end of its run was seen.
        on_doubt : {"fail", "accept"}, default "fail"
            Reaction if it cannot be proven which run is this one, or how it ended. ``fail`` raises `StartUnknownError`
            or `RunAmbiguousError`. ``accept`` takes the most likely run; `FlowRun.doubt` then explains the uncertainty.
            ``accept`` also repeats a start that an earlier attempt lost without a trace.
        keep : callable, optional
            Called with the run as a dict before and after each step that cannot be undone, and when the end was seen.
            Store the dict where a successor finds it. The async class awaits an awaitable that it returns.
        previous : mapping, optional
            The dict that an earlier attempt stored. That run is resumed, even if it is already over. If it was provably
            never started, it is started now.
        lease : StartLease, optional
            Excludes all other starters of the flow during the start; see `ikigai_core.orchestration`.
        unique_output : str, optional
            Name of the run variable with the name of a dataset that no other run writes. If the answer to a start is
            lost, that dataset proves which run is this one.
        keep_copies : bool, default False
            Keep the private copy after its run, for inspection.
        timeout : float, optional
            Seconds to wait for a busy flow.

        Returns
        -------
        FlowRun
            `AsyncFlowRun` for the async class.

        Raises
        ------
        FlowBusyError
            The flow is already running, and the caller did not allow to wait, or the wait took too long.
        StartUnknownError
            It is not known whether the flow was started. It was not started a second time.
        """
        run = replace(
            self._prepared({} if variables is None else variables, unique_output),
            on_doubt=on_doubt,
            keep_copy=keep_copies,
        )
        wanted = Launch(run, on_busy, isolation, keep, lease or NoLease(), timeout)
        return (yield from self._launched(wanted, previous))

    @operation
    def start(self, /, *, isolation: Isolation = "shared", **variables: Any) -> Procedure[R]:
        """Start the flow with run variables, and return the run at once.

        Parameters
        ----------
        isolation : {"shared", "copy"}, default "shared"
            Run the flow itself, or a private copy. See `launch`, which also allows a run variable named ``isolation``.
        **variables
            Names that begin with an underscore are ignored.
        """
        return (yield from self._launched(Launch(self._prepared(_public(variables)), isolation=isolation)))

    def _launched(self, wanted: Launch, previous: Mapping[str, Any] | None = None) -> Procedure[R]:
        launched = yield from launch(wanted, previous)
        return self._run_of(launched, wanted.keep)

    def _prepared(self, variables: Mapping[str, Any], unique_output: str | None = None) -> RunState:
        check_type(variables, Mapping, "The run variables", "a mapping by name")
        check_json(variables, "Run variable", "Give a text or a number, for example with str() or .isoformat().")
        StartOptions(unique_output=unique_output).check(variables)
        return RunState(
            self.app_id,
            self.flow_id,
            self.name,
            None,
            dict(variables),
            user=self._client.user_email,
            unique_output=str(variables[unique_output]) if unique_output else "",
        )

    @operation
    def run(self, /, *, isolation: Isolation = "shared", **variables: Any) -> Procedure[RunLog]:
        """Start the flow with run variables, wait for its end, and return the run's log, also if it failed.

        In a terminal, a progress bar shows the progress.

        Parameters
        ----------
        isolation : {"shared", "copy"}, default "shared"
            Run the flow itself, or a private copy; see `launch`.
        **variables
            Names that begin with an underscore are ignored.
        """
        run = yield from self._launched(Launch(self._prepared(_public(variables)), isolation=isolation))
        with progress_bar(self.name) as on_update:
            return (yield from type(run).wait.procedure(run, on_update=on_update))

    @operation
    def status(self) -> Procedure[FlowStatusReport]:
        """Fetch the flow's current state."""
        return FlowStatusReport.read((yield from send(flows.status(self.app_id, self.flow_id))))

    @operation
    def run_logs(self, max_count: int = 1, since: datetime | None = None) -> Procedure[list[RunLog]]:
        """Fetch the newest run logs, newest first.

        Parameters
        ----------
        max_count : int, default 1
        since : datetime, optional
            Return only logs that are newer. Without time zone, it is local time.
        """
        check_type(max_count, int, "max_count", "a whole number")
        check_type(since, (datetime, NoneType), "since", "a datetime")
        entries = yield from send(flows.logs(self.app_id, self.flow_id, max_count))
        logs = [RunLog.read(entry) for entry in entries]
        return logs if since is None else [log for log in logs if log.timestamp > since.astimezone()]

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """Fetch the platform's full record of the flow, as plain values with the platform's names.

        The definition is in the current format, even if an older client wrote it: arguments that facets no longer have
        are left out. `definition` returns the definition as the platform stores it.
        """
        record = yield from send(flows.fetch(self.flow_id))
        facet_types = yield from self._client.facet_types_procedure()
        return {**record, "definition": in_todays_form(get_field(record, "definition", dict, "pipeline"), facet_types)}

    @operation
    def definition(self) -> Procedure[FlowDefinition]:
        """Fetch the flow's definition."""
        record = yield from send(flows.fetch(self.flow_id))
        return FlowDefinition.read(record)

    @operation
    def document(self) -> Procedure[DefinitionDocument]:
        """The flow's definition as a document: with names instead of ids, so that it fits other apps and accounts.

        Raises
        ------
        InvalidDefinitionError
            The definition refers to something that no longer exists, or that shares its name with another one.
        """
        record = yield from send(flows.fetch(self.flow_id))
        return (yield from document_of(record["definition"], self._client, self.app_id, f"app {self.app_id}"))

    @edit
    def update_definition(self, definition: Definition) -> Procedure[None]:
        """Replace the definition. It has the same forms as for the builder."""
        resolved = yield from resolve(definition, self._client, self.app_id, f"app {self.app_id}")
        yield from send(flows.edit(self.app_id, self.flow_id, definition=resolved.to_dict()))

    @edit
    def update_schedule(self, schedule: Schedule | Mapping[str, Any] | str | None = None) -> Procedure[None]:
        """Replace the flow's schedule. None removes it.

        Parameters
        ----------
        schedule : Schedule, mapping, str or None
            A string is a cron expression, valid from now on.

        Raises
        ------
        ValueError, TypeError
            The schedule is invalid. Nothing was sent.
        """
        wanted = None if schedule is None else Schedule.of(schedule, self.name)
        yield from send(flows.edit(self.app_id, self.flow_id, schedule=wanted.to_dict() if wanted else NO_SCHEDULE))
        self.schedule = wanted

    @edit
    def update_agent_access(self, agent_access: bool) -> Procedure[None]:
        """Allow or forbid the platform's agents to use the flow."""
        check_flag(agent_access, "agent_access")
        yield from send(flows.edit(self.app_id, self.flow_id, agent_access=agent_access))
        self.agent_access = agent_access

    @edit
    def update_high_volume_preference(self, optimize: bool) -> Procedure[None]:
        """Set whether the platform optimizes the flow for large data."""
        check_flag(optimize, "The preference")
        yield from send(flows.edit(self.app_id, self.flow_id, high_volume_preference=optimize))

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Rename the flow."""
        check_name(name, "flow")
        yield from send(flows.edit(self.app_id, self.flow_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the flow into a directory."""
        yield from send(flows.edit(self.app_id, self.flow_id, directory=place(directory)))

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the flow."""
        yield from send_removal(flows.delete(self.app_id, self.flow_id))


def _public(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if not name.startswith("_")}


class Flow(FlowRecord, SyncFace, _FlowProcedures[FlowRun]):
    """A flow of an app."""

    def _run_of(self, launched: Launched, keep: Keep | None) -> FlowRun:
        return FlowRun(launched.run, self._client, keep, is_picked_up=launched.is_picked_up, removes_copy=True)


class AsyncFlow(FlowRecord, AsyncFace, _FlowProcedures[AsyncFlowRun]):
    """A flow of an app; its operations are awaited."""

    def _run_of(self, launched: Launched, keep: Keep | None) -> AsyncFlowRun:
        return AsyncFlowRun(launched.run, self._client, keep, is_picked_up=launched.is_picked_up, removes_copy=True)
