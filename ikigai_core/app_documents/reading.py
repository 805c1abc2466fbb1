"""Read an app from the platform, as a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ikigai_core.api import apps, custom_facets, flows
from ikigai_core.api.answers import Record
from ikigai_core.app_documents.documents import (
    AppDocument,
    ChainGroup,
    CustomFacetDocument,
    DatasetDocument,
    DirectoriesDocument,
    FlowDocument,
    ModelDocument,
    ScheduleDocument,
)
from ikigai_core.catalog.finding import get_by_name
from ikigai_core.catalog.kinds import Kind, apps_of, custom_facets_of, datasets_of, flows_of, models_of
from ikigai_core.catalog.listing import list_all
from ikigai_core.components.custom_facet import CustomFacet
from ikigai_core.components.directory import directory_paths
from ikigai_core.components.flow_record import FlowRecord
from ikigai_core.components.naming import named, names_for
from ikigai_core.components.resolving import SpecsHolder
from ikigai_core.definition.by_names import Names
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.enums import AppAccessLevel, DirectoryType
from ikigai_core.errors import AmbiguousError, InvalidDefinitionError
from ikigai_core.procedure import Procedure, send
from ikigai_core.runs.copies import original_of

NAMELESS = DefinitionDocument(facets={})
"""Stands for the definition of a flow that cannot be written by names."""

_DIRECTORIES = {"datasets": DirectoryType.DATASET, "flows": DirectoryType.FLOW, "models": DirectoryType.MODEL}


@dataclass(frozen=True)
class Snapshot:
    """An app as it is on the platform.

    Attributes
    ----------
    app_id : str
    owner : str
        Email address of the app's owner, whose access cannot be changed.
    document : AppDocument
    ids : dict
        Ids by kind and name. A directory's name is its path.
    records : dict
        The platform's records by kind and name.
    nameless : dict of str to str
        The flows whose definitions cannot be written by names, and why.
    shared_names : frozenset of (str, str)
        Kinds and names of components that share their names.
    without_data : frozenset of str
        Names of the datasets that contain no data.
    """

    app_id: str
    owner: str
    document: AppDocument
    ids: Mapping[str, Mapping[str, str]]
    records: Mapping[str, Mapping[str, Record]]
    nameless: Mapping[str, str] = field(default_factory=dict)
    shared_names: frozenset[tuple[str, str]] = frozenset()
    without_data: frozenset[str] = frozenset()


def read_document(client: SpecsHolder, app: str) -> Procedure[AppDocument]:
    """The document of the user's app with that name.

    Raises
    ------
    NotFoundError
        There is no such app.
    InvalidDefinitionError, AmbiguousError
        Something in the app cannot be written by names.
    """
    record = yield from get_by_name(apps_of(client.user_email), app)
    snapshot = yield from read_app(client, record)
    for name, reason in snapshot.nameless.items():
        raise InvalidDefinitionError(f"Flow {name!r}: {reason}")
    for kind, name in sorted(snapshot.shared_names):
        raise AmbiguousError(f"Several {kind} of app {app!r} are named {name!r}: rename all but one.")
    return snapshot.document


def read_app(client: SpecsHolder, app: Record, custom: Iterable[str] = ()) -> Procedure[Snapshot]:
    """The current state of an app. `custom` names further custom facets to read, which no flow of the app uses."""
    return (yield from _Reader(client, app, frozenset(custom)).read())


def read_new_app(client: SpecsHolder, name: str, custom: Iterable[str]) -> Procedure[Snapshot]:
    """The state before an app exists."""
    return (yield from _Reader(client, {"project_id": "", "name": name}, frozenset(custom)).read_new())


class _Reader:
    """Reads one app."""

    def __init__(self, client: SpecsHolder, app: Record, custom: frozenset[str]) -> None:
        self._client = client
        self._app = app
        self._app_id, self._name = str(app["project_id"]), str(app["name"])
        self._custom = custom
        self._paths: dict[str, dict[str, str]] = {}
        self._records: dict[str, dict[str, Record]] = {}
        self._ids: dict[str, dict[str, str]] = {}
        self._shared: set[tuple[str, str]] = set()
        self._nameless: dict[str, str] = {}

    def read_new(self) -> Procedure[Snapshot]:
        """The state before the app exists: only the user's custom facets do."""
        yield from self._list("custom facets", custom_facets_of(self._client.user_email))
        document = AppDocument(name=self._name)
        document.custom_facets = yield from self._custom_facets(document)
        return Snapshot("", self._client.user_email, document, self._ids, self._records)

    def read(self) -> Procedure[Snapshot]:
        for kind, of in _DIRECTORIES.items():
            self._paths[kind] = yield from directory_paths(of, self._app_id)
            self._ids[f"directories of {kind}"] = {path: id for id, path in self._paths[kind].items()}
        for word, kind_of in {"datasets": datasets_of, "models": models_of, "flows": flows_of}.items():
            yield from self._list(word, kind_of(self._app_id, self._name))
        yield from self._list("custom facets", custom_facets_of(self._client.user_email))
        document = AppDocument(
            name=self._name,
            description=self._app.get("description") or None,
            access=(yield from self._access()),
            directories=DirectoriesDocument(**{kind: sorted(paths.values()) for kind, paths in self._paths.items()}),
            datasets={name: self._dataset(record) for name, record in self._records["datasets"].items()},
            models={name: self._model(record) for name, record in self._records["models"].items()},
            flows=(yield from self._flows()),
        )
        document.custom_facets = yield from self._custom_facets(document)
        empty = (name for name, record in self._records["datasets"].items() if not record.get("data_types"))
        return Snapshot(
            self._app_id,
            str(self._app["owner"]),
            document,
            self._ids,
            self._records,
            self._nameless,
            frozenset(self._shared),
            frozenset(empty),
        )

    def _list(self, word: str, kind: Kind) -> Procedure[None]:
        listing = yield from list_all(kind)
        # Private copies of flows belong to runs.
        records = [record for record in listing.records if original_of(str(record["name"])) is None]
        counts = Counter(str(record["name"]) for record in records)
        if word != "custom facets":
            self._shared |= {(word, name) for name, count in counts.items() if count > 1}
        self._records[word] = {str(record["name"]): record for record in records}
        self._ids[word] = {name: str(record[kind.id_key]) for name, record in self._records[word].items()}

    def _access(self) -> Procedure[dict[str, AppAccessLevel]]:
        components = yield from send(apps.components(self._app_id))
        levels = {str(user["email"]): user.get("project_access_level") for user in components.get("users") or []}
        known = {level.value for level in AppAccessLevel} - {AppAccessLevel.OWNER.value}
        return {email: AppAccessLevel(level) for email, level in sorted(levels.items()) if level in known}

    def _place(self, kind: str, record: Record) -> str | None:
        return self._paths[kind].get(str((record.get("directory") or {}).get("directory_id") or ""))

    def _dataset(self, record: Record) -> DatasetDocument:
        columns = {name: column["data_type"] for name, column in (record.get("data_types") or {}).items()}
        access = record.get("agent_access") or None
        return DatasetDocument(columns=columns, directory=self._place("datasets", record), agent_access=access)

    def _model(self, record: Record) -> ModelDocument:
        return ModelDocument(
            type=f"{record['model_type']}.{record['sub_model_type']}",
            description=record.get("description") or None,
            directory=self._place("models", record),
        )

    def _flows(self) -> Procedure[dict[str, FlowDocument]]:
        for name, record in self._records["flows"].items():
            if "definition" not in record:
                self._records["flows"][name] = yield from send(flows.fetch(self._ids["flows"][name]))
        definitions = [record["definition"] for record in self._records["flows"].values()]
        names = yield from names_for(definitions, self._client, self._app_id, self._name)
        found = {}
        for name, record in self._records["flows"].items():
            found[name] = yield from self._flow(record, names)
        return found

    def _flow(self, record: Record, names: Names) -> Procedure[FlowDocument]:
        try:
            definition = yield from named(record["definition"], self._client, names)
        except InvalidDefinitionError as error:
            self._nameless[str(record["name"])] = str(error)
            definition = NAMELESS
        return FlowDocument(
            definition=definition,
            schedule=_schedule(record),
            directory=self._place("flows", record),
            high_volume_preference=record.get("high_volume_preference") or None,
            agent_access=record.get("agent_access") or None,
        )

    def _custom_facets(self, document: AppDocument) -> Procedure[dict[str, CustomFacetDocument]]:
        used: dict[str, set[str]] = {name: set() for name in self._custom}
        for flow in document.flows.values():
            for facet in flow.definition.facets.values():
                if facet.custom_facet is not None:
                    used.setdefault(facet.custom_facet, set()).update([facet.version] if facet.version else [])
        found = {}
        for name in sorted(used.keys() & self._records["custom facets"].keys()):
            record = yield from send(custom_facets.fetch(self._ids["custom facets"][name]))
            self._records["custom facets"][name] = record
            versions = used[name]
            if name in self._custom:
                listing = yield from send(custom_facets.versions(self._ids["custom facets"][name]))
                versions = {str(each["version"]) for each in listing.records}
            found[name] = yield from self._custom_facet(record, versions)
        return found

    def _custom_facet(self, record: Record, versions: Iterable[str]) -> Procedure[CustomFacetDocument]:
        facet_types = yield from self._client.facet_types_procedure()
        facet_type = facet_types.find_by_uid(record["facet_uid"])
        facet = CustomFacet.read({**record, "facet_type": facet_type})
        return CustomFacetDocument(
            chain_group=cast(ChainGroup, facet_type.chain_group),
            description=facet.description or None,
            script=facet.script,
            requirements=facet.requirements,
            arguments={name: _default(argument) for name, argument in facet.arguments.items()},
            versions=sorted(versions),
        )


def _default(argument: Any) -> Any:
    """The default of a custom facet's argument. A document has no argument without one: it takes the type's."""
    if argument.value is not None:
        return argument.value
    return {"bool": False, "int": 0, "float": 0.0, "str": ""}[argument.argument_type.value]


def _schedule(record: Record) -> ScheduleDocument | None:
    schedule = FlowRecord.read(record).schedule
    if schedule is None:
        return None
    name = None if schedule.name == record["name"] else schedule.name
    return ScheduleDocument(cron=schedule.cron, name=name, start_time=schedule.start_time, end_time=schedule.end_time)
