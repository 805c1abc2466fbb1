"""Apply an app's document: plan the changes, then carry them out one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ikigai_core.api import apps, custom_facets, datasets, directories, flows, models
from ikigai_core.app_documents.documents import AppDocument, CustomFacetDocument
from ikigai_core.app_documents.plan import AppPlan, Step
from ikigai_core.app_documents.planning import Planner
from ikigai_core.app_documents.reading import Snapshot, read_app, read_new_app
from ikigai_core.catalog.kinds import apps_of, datasets_of, with_facet_type
from ikigai_core.components.app import App
from ikigai_core.components.app_builder import AppBuilder
from ikigai_core.components.custom_facet import CustomFacet, Script
from ikigai_core.components.custom_facet_builder import CustomFacetBuilder
from ikigai_core.components.directories import FlowDirectory, ModelDirectory
from ikigai_core.components.ensuring import ensure_only, find_settled
from ikigai_core.components.flow import Flow
from ikigai_core.components.flow_builder import FlowBuilder
from ikigai_core.components.model import Model, ModelBuilder
from ikigai_core.components.schedule import NO_SCHEDULE
from ikigai_core.enums import DirectoryType
from ikigai_core.procedure import Procedure, call_blocking, send, send_removal

_TYPES = {"datasets": DirectoryType.DATASET, "flows": DirectoryType.FLOW, "models": DirectoryType.MODEL}


Source = AppDocument | str | Path | Mapping[str, Any]
"""A document, or anything that `AppDocument.load` reads."""


def plan_app(client: Any, source: Source, app: str | None = None, *, prune: bool = False) -> Procedure[AppPlan]:
    """What `apply_app` would change. Changes nothing."""
    document = yield from call_blocking(lambda: AppDocument.load(source))
    plan, _ = yield from _planned(client, document, app, prune)
    return plan


def apply_app(client: Any, source: Source, app: str | None = None, *, prune: bool = False) -> Procedure[AppPlan]:
    """Make an app what its document says, and return what was changed.

    Parameters
    ----------
    app : str, optional
        Name of the app. Default: the document's.
    prune : bool, default False
        Delete flows, models, datasets and grants that the document does not have, and schedules that its flows do not
        have. Custom facets and directories always stay.
    """
    document = yield from call_blocking(lambda: AppDocument.load(source))
    plan, current = yield from _planned(client, document, app, prune)
    application = _Application(client, document, plan.app, current)
    for step in plan.steps:
        yield from application.carry_out(step)
    return plan


def _planned(client: Any, wanted: AppDocument, app: str | None, prune: bool) -> Procedure[tuple[AppPlan, Snapshot]]:
    name = app or wanted.name
    record = yield from find_settled(apps_of(client.user_email), name)
    used = {facet.custom_facet for flow in wanted.flows.values() for facet in flow.definition.facets.values()}
    custom = {*wanted.custom_facets, *filter(None, used)}
    if record is None:
        current = yield from read_new_app(client, name, custom)
    else:
        current = yield from read_app(client, record, custom)
    facet_types = yield from client.facet_types_procedure()
    model_types = yield from client.model_types_procedure()
    return Planner(wanted, current, facet_types, model_types, prune=prune).plan(), current


class _Application:
    """Carries out the steps of one plan."""

    def __init__(self, client: Any, wanted: AppDocument, name: str, current: Snapshot) -> None:
        self._client = client
        self._wanted = wanted
        self._name = name
        self._app_id = current.app_id
        self._before = current.document
        self._ids = {kind: dict(ids) for kind, ids in current.ids.items()}
        self._records = current.records

    def carry_out(self, step: Step) -> Procedure[None]:
        """Carry out a step."""
        if step.kind.startswith("directory of "):
            yield from self._directory(step.kind.removeprefix("directory of "), step.name)
            return
        handlers: dict[str, Callable[[Step], Procedure[None]]] = {
            "app": self._app,
            "dataset": self._dataset,
            "model": self._model,
            "custom facet": self._custom_facet,
            "flow": self._flow,
            "access": self._access,
        }
        yield from (self._delete if step.action == "delete" else handlers[step.kind])(step)

    def _app(self, step: Step) -> Procedure[None]:
        builder = AppBuilder(self._client, self._client.user_email, App).new(self._name)
        if self._wanted.description is not None:
            builder.description(self._wanted.description)
        app = yield from AppBuilder.ensure.procedure(builder)
        self._app_id = app.app_id

    def _directory(self, kind: str, path: str) -> Procedure[None]:
        known = self._ids.setdefault(f"directories of {kind}", {})
        above, _, name = path.rpartition("/")
        call = directories.create(_TYPES[kind], name, app_id=self._app_id, parent_id=known.get(above, ""))
        known[path] = yield from send(call)

    def _place(self, kind: str, path: str | None) -> dict[str, Any] | None:
        """The form in which a component refers to its directory."""
        if path is None:
            return None
        directory_id = self._ids[f"directories of {kind}"][path]
        return {"directory_id": directory_id, "type": _TYPES[kind].value, "name": path.rpartition("/")[2]}

    def _dataset(self, step: Step) -> Procedure[None]:
        wanted = self._wanted.datasets[step.name]
        place = self._place("datasets", wanted.directory)
        if step.action == "create":
            creation = datasets.create(self._app_id, step.name, place, wanted.agent_access)
            yield from ensure_only(datasets_of(self._app_id, self._name), step.name, creation)
            return
        changes = {"directory": place, "agent_access": wanted.agent_access}
        given = {name: value for name, value in changes.items() if value is not None}
        yield from send(datasets.edit(self._app_id, self._ids["datasets"][step.name], **given))

    def _model(self, step: Step) -> Procedure[None]:
        wanted = self._wanted.models[step.name]
        model_types = yield from self._client.model_types_procedure()
        builder = ModelBuilder(self._client, self._app_id, self._name, Model).new(step.name)
        builder.model_type(model_types.find(wanted.type))
        if wanted.description is not None:
            builder.description(wanted.description)
        if wanted.directory is not None:
            builder.directory(ModelDirectory.bind(self._bound("models", wanted.directory), self._client))
        yield from ModelBuilder.ensure.procedure(builder)

    def _bound(self, kind: str, path: str) -> dict[str, Any]:
        return {**(self._place(kind, path) or {}), "project_id": self._app_id}

    def _custom_facet(self, step: Step) -> Procedure[None]:
        wanted = self._wanted.custom_facets[step.name]
        saved: set[str] = set()
        if step.action == "create":
            facet = yield from self._new_custom_facet(step.name, wanted)
        else:
            custom_facet_id = self._ids["custom facets"][step.name]
            listing = yield from send(custom_facets.versions(custom_facet_id))
            saved = {str(each["version"]) for each in listing.records}
            script = Script(wanted.script, wanted.requirements, wanted.arguments)
            fields = script.fields() if wanted.script else {}
            fields |= {} if wanted.description is None else {"description": wanted.description}
            yield from send(custom_facets.edit(custom_facet_id, wanted.chain_group, **fields))
            record = yield from send(custom_facets.fetch(custom_facet_id))
            facet = CustomFacet.bind((yield from with_facet_type(record, self._client)), self._client)
        for version in wanted.versions:
            if version not in saved:
                yield from CustomFacet.create_version.procedure(facet, version)

    def _new_custom_facet(self, name: str, wanted: CustomFacetDocument) -> Procedure[CustomFacet]:
        facet_types = yield from self._client.facet_types_procedure()
        builder = CustomFacetBuilder(self._client, CustomFacet)
        builder.new(name, facet_types.find(f"{wanted.chain_group}.CustomFacet")).description(wanted.description or "")
        builder.script(wanted.script, requirements=wanted.requirements, arguments=wanted.arguments)
        return (yield from CustomFacetBuilder.build.procedure(builder))

    def _flow(self, step: Step) -> Procedure[None]:
        wanted = self._wanted.flows[step.name]
        builder = FlowBuilder(self._client, self._app_id, self._name, Flow).new(step.name)
        builder.definition(wanted.definition)
        if wanted.directory is not None:
            builder.directory(FlowDirectory.bind(self._bound("flows", wanted.directory), self._client))
        if wanted.high_volume_preference is not None:
            builder.high_volume_preference(wanted.high_volume_preference)
        if wanted.agent_access is not None:
            builder.agent_access(wanted.agent_access)
        if wanted.schedule is not None and step.action == "create":
            builder.schedule(wanted.schedule.schedule(step.name))
        flow = yield from FlowBuilder.ensure.procedure(builder)
        if step.action == "update" and any(detail.startswith("schedule: ") for detail in step.details):
            yield from send(flows.edit(self._app_id, flow.flow_id, schedule=self._schedule(step.name)))

    def _schedule(self, flow: str) -> dict[str, Any]:
        wanted = self._wanted.flows[flow].schedule
        if wanted is None:
            return NO_SCHEDULE
        return wanted.over(self._before.flows[flow].schedule).schedule(flow).to_dict()

    def _access(self, step: Step) -> Procedure[None]:
        level = self._wanted.access[step.name].value
        change = apps.share if step.action == "create" else apps.edit_access
        yield from send(change(self._app_id, step.name, level))

    def _delete(self, step: Step) -> Procedure[None]:
        if step.kind == "access":
            yield from send_removal(apps.unshare(self._app_id, step.name))
            return
        delete = {"flow": flows.delete, "model": models.delete, "dataset": datasets.delete}[step.kind]
        yield from send_removal(delete(self._app_id, self._ids[f"{step.kind}s"][step.name]))
