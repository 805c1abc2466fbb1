"""Compare an app's document with the platform: what to change, and what cannot be resolved. Sends nothing."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ikigai_core.app_documents.documents import AppDocument, CustomFacetDocument, FlowDocument, ScheduleDocument
from ikigai_core.app_documents.plan import AppPlan, Step
from ikigai_core.app_documents.reading import Snapshot
from ikigai_core.components.custom_facet import CustomFacetVersion
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.errors import AmbiguousError, DefinitionWarning, InvalidDefinitionError, did_you_mean
from ikigai_core.specs.custom_facet import CustomFacetArgument
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes

_PLACES = ("datasets", "flows", "models")


class Planner:
    """Makes the plan for one app.

    Parameters
    ----------
    wanted : AppDocument
    current : Snapshot
        Its `app_id` is empty if there is no such app yet.
    prune : bool
        Delete what the document does not have.
    """

    def __init__(
        self, wanted: AppDocument, current: Snapshot, facet_types: FacetTypes, model_types: ModelTypes, *, prune: bool
    ) -> None:
        self._wanted = wanted
        self._current = current
        self._before = current.document
        self._facet_types = facet_types
        self._model_types = model_types
        self._prune = prune

    def plan(self) -> AppPlan:
        """The plan.

        Raises
        ------
        InvalidDefinitionError
            The document refers to something that neither it nor the platform has, or has an invalid definition.
        AmbiguousError
            Several components on the platform share a name of the document.
        """
        self._check_names()
        steps = [
            *self._app(),
            *self._directories(),
            *self._datasets(),
            *self._models(),
            *self._custom_facets(),
            *self._flows(),
            *self._access(),
            *(self._deletions() if self._prune else ()),
        ]
        return AppPlan(self._before.name, tuple(steps), tuple(self._notes()))

    def _check_names(self) -> None:
        for kind in _PLACES:
            for name in getattr(self._wanted, kind):
                if (kind, name) in self._current.shared_names:
                    raise AmbiguousError(f"Several {kind} of app {self._before.name!r} are named {name!r}.")
                if not name:
                    raise InvalidDefinitionError(f"One of the {kind} has an empty name.")
            for path in self._wanted_directories(kind):
                if not all(path.split("/")):
                    raise InvalidDefinitionError(
                        f"Directory of {kind} {path!r}: write its path without an empty part, such as 'raw/2026'."
                    )

    def _app(self) -> Iterator[Step]:
        if not self._current.app_id:
            yield Step("create", "app", self._before.name)
        elif self._wanted.description is not None and self._wanted.description != (self._before.description or ""):
            yield Step("update", "app", self._before.name, ("description",))

    def _directories(self) -> Iterator[Step]:
        for kind in _PLACES:
            existing = set(getattr(self._before.directories, kind))
            for path in self._wanted_directories(kind):
                if path not in existing:
                    yield Step("create", f"directory of {kind}", path)

    def _wanted_directories(self, kind: str) -> list[str]:
        """The paths of all directories that the document names, each after those that it is in."""
        components = getattr(self._wanted, kind).values()
        paths = [*getattr(self._wanted.directories, kind), *(each.directory for each in components if each.directory)]
        above = [
            str(parent) for path in paths for parent in PurePosixPath(path).parents if str(parent) not in (".", "/")
        ]
        return sorted({*paths, *above})

    def _datasets(self) -> Iterator[Step]:
        for name, dataset in self._wanted.datasets.items():
            existing = self._before.datasets.get(name)
            if existing is None:
                columns = f"without data; {len(dataset.columns)} columns expected"
                yield Step("create", "dataset", name, (columns,) if dataset.columns else ("without data",))
            else:
                yield from _update("dataset", name, _changed(existing, dataset, "directory", "agent_access"))

    def _models(self) -> Iterator[Step]:
        for name, model in self._wanted.models.items():
            wanted_type = self._model_types.find(model.type)
            existing = self._before.models.get(name)
            if existing is None:
                yield Step("create", "model", name, (model.type,))
                continue
            if self._model_types.find(existing.type) != wanted_type:
                raise InvalidDefinitionError(
                    f"Model {name!r} is {existing.type}, not {model.type}: a model's type cannot be changed."
                )
            yield from _update("model", name, _changed(existing, model, "description", "directory"))

    def _custom_facets(self) -> Iterator[Step]:
        for name, facet in self._wanted.custom_facets.items():
            existing = self._before.custom_facets.get(name)
            versions = [f"saves version {version!r}" for version in facet.versions]
            if existing is None:
                yield Step("create", "custom facet", name, tuple(versions))
                continue
            if existing.chain_group != facet.chain_group:
                raise InvalidDefinitionError(
                    f"Custom facet {name!r} is one of {existing.chain_group}, not {facet.chain_group}: "
                    "this cannot be changed."
                )
            # Requirements and arguments belong to the script.
            script = ("script", "requirements", "arguments") if facet.script else ()
            changes = _changed(existing, facet, "description", *script)
            missing = [f"saves version {each!r}" for each in facet.versions if each not in existing.versions]
            yield from _update("custom facet", name, [*changes, *missing])

    def _flows(self) -> Iterator[Step]:
        for name, flow in self._wanted.flows.items():
            definition = self._resolved(name, flow)
            existing = self._before.flows.get(name)
            if existing is None:
                yield Step("create", "flow", name, tuple(_scheduled(flow.schedule)))
                continue
            changes = _changed(existing, flow, "directory", "high_volume_preference", "agent_access")
            changes += _schedule_changes(existing.schedule, flow.schedule, prune=self._prune)
            yield from _update("flow", name, [*changes, *self._definition_changes(name, existing, definition)])

    def _definition_changes(self, name: str, existing: FlowDocument, wanted: FlowDefinition) -> list[str]:
        if name in self._current.nameless:
            return [f"definition: replaces one that cannot be written by names ({self._current.nameless[name]})"]
        try:
            current = self._by_name(existing.definition, self._before.custom_facets)
        except InvalidDefinitionError as error:
            return [f"definition: replaces an invalid one ({error})"]
        return [f"definition: {change}" for change in current.diff(wanted)]

    def _resolved(self, name: str, flow: FlowDocument) -> FlowDefinition:
        """The definition with names instead of ids. Checks that everything that it refers to exists."""
        definition = flow.definition
        known = {
            "dataset": (definition.inputs_by_name, self._remaining("datasets")),
            "model": (definition.models, self._remaining("models")),
            "directory of datasets": (
                definition.directories,
                {*self._before.directories.datasets, *self._wanted_directories("datasets")},
            ),
        }
        for word, (by_facet, names) in known.items():
            for facet, wanted in by_facet.items():
                if wanted not in names:
                    before = getattr(self._before, f"{word}s", ())
                    place = f", neither in app {self._before.name!r} nor in the document"
                    place = " in the document, so pruning would delete it" if wanted in before else place
                    raise InvalidDefinitionError(
                        f"Flow {name!r}, facet {facet!r}: there is no {word} {wanted!r}{place}. "
                        f"{did_you_mean(wanted, names)}"
                    )
                if (f"{word}s", wanted) in self._current.shared_names:
                    raise AmbiguousError(f"Several {word}s of app {self._before.name!r} are named {wanted!r}.")
        try:
            return self._by_name(definition, {**self._before.custom_facets, **self._wanted.custom_facets})
        except InvalidDefinitionError as error:
            raise InvalidDefinitionError(f"Flow {name!r}: {error}") from None

    def _remaining(self, kind: str) -> set[str]:
        """The names of the components after the plan."""
        return {*getattr(self._wanted, kind), *(() if self._prune else getattr(self._before, kind))}

    def _by_name(
        self, definition: DefinitionDocument, custom_facets: Mapping[str, CustomFacetDocument]
    ) -> FlowDefinition:
        versions = {
            key: self._version(key, facet.custom_facet, facet.version, custom_facets)
            for key, facet in definition.facets.items()
            if facet.custom_facet is not None
        }
        datasets = {name: name for name in definition.inputs.values()}
        directories = {path: path for path in definition.directories.values()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DefinitionWarning)
            return definition.resolve(self._facet_types, datasets, self._model_types, versions, directories)

    def _version(
        self, facet: str, name: str, version: str | None, known: Mapping[str, CustomFacetDocument]
    ) -> CustomFacetVersion:
        document = known.get(name)
        if document is None:
            raise InvalidDefinitionError(
                f"Facet {facet!r}: there is no custom facet {name!r}, neither of the user nor in the document. "
                f"{did_you_mean(name, known)}"
            )
        existing = self._before.custom_facets.get(name)
        versions = {*document.versions, *(existing.versions if existing else ())}
        if version is not None and version not in versions:
            raise InvalidDefinitionError(
                f"Facet {facet!r}: custom facet {name!r} has no version {version!r}. {did_you_mean(version, versions)}"
            )
        facet_type = self._facet_types.find(f"{document.chain_group}.CustomFacet")
        arguments = {key: CustomFacetArgument.of(key, value) for key, value in document.arguments.items()}
        described = {"version": version or "", "version_id": version or "", "custom_facet_id": name}
        return CustomFacetVersion.of({**described, "arguments": arguments, "created_at": 0}, facet_type)

    def _access(self) -> Iterator[Step]:
        before = {email.casefold(): level for email, level in self._before.access.items()}
        for email, level in self._wanted.access.items():
            if email.casefold() == self._current.owner.casefold():
                continue
            existing = before.get(email.casefold())
            if existing is None:
                yield Step("create", "access", email, (level.value,))
            elif existing != level:
                yield Step("update", "access", email, (f"{existing.value} → {level.value}",))

    def _deletions(self) -> Iterator[Step]:
        for kind, word in {"flows": "flow", "models": "model", "datasets": "dataset"}.items():
            for name in getattr(self._before, kind):
                if name not in getattr(self._wanted, kind):
                    if (kind, name) in self._current.shared_names:
                        raise AmbiguousError(f"Several {kind} of app {self._before.name!r} are named {name!r}.")
                    yield Step("delete", word, name)
        wanted = {email.casefold() for email in self._wanted.access}
        for email in self._before.access:
            if email.casefold() not in wanted:
                yield Step("delete", "access", email)

    def _notes(self) -> Iterator[str]:
        for name, dataset in self._wanted.datasets.items():
            existing = self._before.datasets.get(name)
            if existing is None or not dataset.columns:
                continue
            if name in self._current.without_data:
                yield f"dataset {name!r} has no data yet"
                continue
            for column in sorted({*dataset.columns, *existing.columns}):
                expected, found = dataset.columns.get(column), existing.columns.get(column)
                if expected != found:
                    yield f"dataset {name!r}: column {column!r} is {_type(found)} instead of {_type(expected)}"


def _type(value: Any) -> str:
    return "missing" if value is None else str(value.value)


def _update(kind: str, name: str, changes: Iterable[str]) -> Iterator[Step]:
    if details := tuple(changes):
        yield Step("update", kind, name, details)


def _changed(before: Any, after: Any, *fields: str) -> list[str]:
    """The fields that the new document gives, and that differ. None gives nothing."""
    changes = []
    for name in fields:
        old, new = getattr(before, name), getattr(after, name)
        if new is not None and new != (old if old is not None or not isinstance(new, bool | str) else type(new)()):
            is_short = name in ("directory", "agent_access", "high_volume_preference", "description")
            changes.append(f"{name}: {old!r} → {new!r}" if is_short else name)
    return changes


def _scheduled(schedule: ScheduleDocument | None) -> Iterator[str]:
    if schedule is not None:
        yield f"schedule: {schedule.cron}"


def _schedule_changes(before: ScheduleDocument | None, after: ScheduleDocument | None, *, prune: bool) -> list[str]:
    if after is None:
        return ["schedule: removed"] if prune and before is not None else []
    if before is None:
        return [f"schedule: {after.cron}"]
    given = after.model_dump(exclude_none=True)
    differing = {name: value for name, value in given.items() if getattr(before, name) != value}
    return [f"schedule: {name} {getattr(before, name)} → {value}" for name, value in differing.items()]
