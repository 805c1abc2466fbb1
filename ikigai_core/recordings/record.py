"""Take a recording of a flow from the platform. Runs nothing, and changes nothing there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from ikigai_core.app_documents.documents import AppDocument, DirectoriesDocument
from ikigai_core.app_documents.folder import file_stems
from ikigai_core.app_documents.reading import Snapshot, read_app
from ikigai_core.app_documents.specs import read_specs
from ikigai_core.catalog.finding import get_by_name
from ikigai_core.catalog.kinds import apps_of
from ikigai_core.definition.files import yaml_text
from ikigai_core.enums import FlowStatus
from ikigai_core.errors import AmbiguousError, InvalidDefinitionError, InvalidInputError, UnknownNameError, did_you_mean
from ikigai_core.procedure import Procedure
from ikigai_core.recordings.cleaning import Cleaner
from ikigai_core.recordings.recording import FORMAT, RECORDING_FILE, SPECS_FILE, VERSIONS_FILE, Recording
from ikigai_core.recordings.tables import keep_table

if TYPE_CHECKING:
    from ikigai_core.client import Ikigai
    from ikigai_core.components.app import App

C = TypeVar("C")


def record(
    ikigai: Ikigai, flow: str, folder: str | Path, *, app: str | None = None, rows: int | None = None
) -> Recording:
    """Write a flow, the datasets that it imports and those that its last run exported to a folder of plain files.

    Of the models that it uses, the versions are written with their hyperparameters and metrics.

    Keys of clients, the user's address, and signatures in URLs are left out, in the data too.

    Parameters
    ----------
    ikigai : Ikigai
    flow : str
        Name of the flow.
    folder : str or Path
        Created if it does not exist. An older recording there is replaced.
    app : str, optional
        Name of the app. Default: the only one that has such a flow.
    rows : int, optional
        Number of rows to keep of each dataset. Default: all.

    Raises
    ------
    UnknownNameError, AmbiguousError
        There is no such flow, or several.
    InvalidDefinitionError
        The flow cannot be written by names.
    """
    if rows is not None and rows < 1:
        raise InvalidInputError(f"The number of rows has to be 1 or more, not {rows}.")
    found = _app_with(ikigai, flow) if app is None else ikigai.apps[app]
    document = ikigai.run(_read_flow(ikigai, found.name, flow))
    cleaner = Cleaner(ikigai.user_email)
    folder = Path(folder)
    AppDocument.load(cleaner.value(document.to_dict())).save(folder)
    definition = document.flows[flow].definition
    wanted = {"imported": definition.imported(), "exported": _exported(found, flow, definition.exported())}
    files = {kind: _keep(found, names, folder, kind, rows, cleaner) for kind, names in wanted.items()}
    about = {"format": FORMAT, "app": found.name, "flow": flow, **({} if rows is None else {"rows": rows}), **files}
    (folder / RECORDING_FILE).write_text(yaml_text(cleaner.value(about)), encoding="utf-8")
    specs = _used_specs(ikigai.run(read_specs()), document, flow, ikigai)
    (folder / SPECS_FILE).write_text(yaml_text(specs), encoding="utf-8")
    versions = {name: _versions(found, name) for name in document.models}
    (folder / VERSIONS_FILE).write_text(yaml_text(cleaner.value(versions)), encoding="utf-8")
    return Recording.load(folder)


def _app_with(ikigai: Ikigai, flow: str) -> App:
    apps = list(ikigai.apps().values())
    having: list[App] = [app for app in apps if flow in app.flows()]
    if not having:
        raise UnknownNameError(f"No app has a flow {flow!r}: `ikigai flows list APP` lists those of an app.")
    if len(having) > 1:
        names = ", ".join(repr(app.name) for app in having)
        raise AmbiguousError(f"Several apps have a flow {flow!r}: {names}. Name the app, with --app.")
    return having[0]


def _read_flow(client: Ikigai, app: str, flow: str) -> Procedure[AppDocument]:
    record = yield from get_by_name(apps_of(client.user_email), app)
    snapshot = yield from read_app(client, record)
    if flow not in snapshot.document.flows:
        raise UnknownNameError(f"App {app!r} has no flow {flow!r}. {did_you_mean(flow, snapshot.document.flows)}")
    if flow in snapshot.nameless:
        raise InvalidDefinitionError(f"Flow {flow!r}: {snapshot.nameless[flow]}")
    return _only(snapshot, flow)


def _only(snapshot: Snapshot, flow: str) -> AppDocument:
    """The document with one flow, without its schedule, and with what it uses."""
    whole = snapshot.document
    part = whole.flows[flow].model_copy(update={"schedule": None})
    definition = part.definition
    custom = {facet.custom_facet for facet in definition.facets.values() if facet.custom_facet is not None}
    datasets = _named(whole.datasets, definition.imported())
    models = _named(whole.models, definition.models.values())
    kept = {"flows": {flow}, "datasets": datasets.keys(), "models": models.keys()}
    for kind, name in sorted(snapshot.shared_names):
        if name in kept[kind]:
            raise AmbiguousError(f"Several {kind} of app {whole.name!r} are named {name!r}: rename all but one.")
    read = [each.directory for each in datasets.values()]
    return AppDocument(
        name=whole.name,
        directories=DirectoriesDocument(
            datasets=_with_parents([*read, *definition.directories.values()]),
            flows=_with_parents([part.directory]),
            models=_with_parents(each.directory for each in models.values()),
        ),
        datasets=datasets,
        models=models,
        custom_facets=_named(whole.custom_facets, custom),
        flows={flow: part},
    )


def _named(components: Mapping[str, C], names: Iterable[str]) -> dict[str, C]:
    return {name: components[name] for name in dict.fromkeys(names) if name in components}


def _with_parents(paths: Iterable[str | None]) -> list[str]:
    found = set()
    for path in paths:
        parts = path.split("/") if path else []
        found |= {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return sorted(found)


def _exported(app: App, flow: str, names: list[str]) -> list[str]:
    """The datasets that the last run wrote: none unless it succeeded."""
    last = app.flows[flow].run_logs(1)
    return names if last and last[0].status == FlowStatus.SUCCESS else []


def _keep(app: App, names: list[str], folder: Path, kind: str, rows: int | None, cleaner: Cleaner) -> dict[str, str]:
    """Write datasets to Parquet files below a folder; return the files by name. What has no data is left out."""
    datasets = app.datasets()
    stems = file_stems(dict.fromkeys(map(cleaner.text, names)))
    kept = {}
    for name in names:
        if name in datasets and datasets[name].size:
            file = f"{kind}/{stems[cleaner.text(name)]}.parquet"
            with TemporaryDirectory(prefix="ikigai-") as scratch:
                whole = Path(scratch) / "data.csv"
                datasets[name].to_csv(whole, on_progress=False)
                keep_table(whole, folder / file, rows=rows, clean=cleaner.text)
            kept[name] = file
    for old in (folder / kind).glob("*.parquet"):
        if f"{kind}/{old.name}" not in kept.values():
            old.unlink()
    return kept


def _versions(app: App, model: str) -> list[dict[str, Any]]:
    """The versions of a model, oldest first."""
    versions = app.models[model].versions().values()
    return [
        {
            "version": version.version,
            "created_at": version.created_at.isoformat(),
            "hyperparameters": version.hyperparameters,
            "metrics": version.metrics,
        }
        for version in sorted(versions, key=lambda version: version.created_at)
    ]


def _used_specs(specs: Mapping[str, Any], document: AppDocument, flow: str, ikigai: Ikigai) -> dict[str, Any]:
    facets = document.flows[flow].definition.facets.values()
    uids = {ikigai.facet_types.find(facet.type).facet_uid for facet in facets}
    models = {each.type.partition(".")[0].casefold() for each in document.models.values()}
    chains = {}
    for chain_group, groups in specs["facet_specs"].items():
        used = {
            name: {key: spec for key, spec in group.items() if spec["facet_info"]["facet_uid"] in uids}
            for name, group in groups.items()
        }
        chains[chain_group] = {name: group for name, group in used.items() if group}
    model_specs = {
        key: spec for key, spec in specs["model_specs"].items() if str(spec.get("name", key)).casefold() in models
    }
    return {"facet_specs": chains, "model_specs": model_specs}
