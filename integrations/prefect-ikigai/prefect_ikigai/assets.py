"""Assets: the platform's datasets in Prefect's lineage, with keys such as ``ikigai://late-flights/flights``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.tasks import MaterializingTask

from ikigai_core.errors import InvalidDefinition, InvalidInput
from prefect_ikigai.components import Client, get
from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.dataset_steps import Data, profile_of, upload, upload_summary
from prefect_ikigai.flows import bring_about
from prefect_ikigai.naming import asset_key
from prefect_ikigai.operation import Operation, aperformed, performed
from prefect_ikigai.running import Deadline, OnBusy, RunRequest, run_to_the_end
from prefect_ikigai.tasks import task_options

if TYPE_CHECKING:
    from ikigai_core import DefinitionDocument, RunLog
    from ikigai_core.procedure import Procedure

Document: TypeAlias = Mapping[str, Any] | str | Path
"""A definition document, or the path of its file: it names datasets where a definition has their ids."""

MATERIALIZED_BY = "ikigai"


def dataset_asset(
    app: str,
    dataset: str,
    *,
    description: str | None = None,
    owners: list[str] | None = None,
    url: str | None = None,
) -> Asset:
    """The asset of a dataset. Sends nothing.

    Parameters
    ----------
    app, dataset : str
        Names. The key is made of them: in lowercase, with dashes for what is neither letter nor digit.
    description : str, optional
        What the dataset holds.
    owners : list of str, optional
        Emails or names of Prefect's users and teams.
    url : str, optional
        Where people look at it, such as its ``web_url``.

    Returns
    -------
    prefect.assets.Asset

    Examples
    --------
    >>> dataset_asset("Late flights", "flights").key
    'ikigai://late-flights/flights'
    """
    given = {"description": description, "owners": owners, "url": url}
    # Prefect overwrites an asset's properties with those that are set, with None too.
    told: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    properties = AssetProperties(name=f"{app}: {dataset}", **told)
    return Asset(key=asset_key(app, dataset), properties=properties)


def materialize_dataset(
    app: str, dataset: str, *, create_app: bool = False, asset_deps: list[str | Asset] | None = None, **options: Any
) -> MaterializingTask[[IkigaiCredentials, Data], dict[str, Any]]:
    """Make a task that uploads a dataset and tells Prefect of the asset. Sends nothing.

    Parameters
    ----------
    app, dataset : str
        Names.
    create_app : bool, default False
        Whether the task creates the app where there is none of that name.
    asset_deps : list, optional
        Assets that the data comes from, such as ``s3://bucket/flights.csv``.
    **options
        As for Prefect's ``task``.

    Returns
    -------
    MaterializingTask
        Called as ``task(credentials, data)``, data as for `upload_dataset`; returns what that returns.
    """
    how = _options(f"materialize {dataset}", asset_deps, options)
    return materialize(dataset_asset(app, dataset), **how)(performed(_uploading(app, dataset, create_app)))


def amaterialize_dataset(
    app: str, dataset: str, *, create_app: bool = False, asset_deps: list[str | Asset] | None = None, **options: Any
) -> MaterializingTask[[IkigaiCredentials, Data], Any]:
    """Async twin of `materialize_dataset`: the task that it makes is awaited."""
    how = _options(f"materialize {dataset}", asset_deps, options)
    return materialize(dataset_asset(app, dataset), **how)(aperformed(_uploading(app, dataset, create_app)))


def materialize_flow(
    app: str,
    flow: str,
    definition: Document,
    *,
    variables: Mapping[str, Any] | None = None,
    on_busy: OnBusy = "wait",
    timeout: float | None = None,
    create_app: bool = False,
    **options: Any,
) -> MaterializingTask[..., RunLog]:
    """Make a task that runs a flow and tells Prefect of the assets that it writes.

    The definition says what they are: each dataset that it exports is an asset, and those that it imports are upstream
    of them. It is read here, and nothing is sent. The task brings the flow up to date, runs it, and adds the metadata
    ``row_count``, ``columns``, ``dataset_id`` and ``run_log_id`` to each asset.

    Parameters
    ----------
    app, flow : str
        Names.
    definition : mapping, str or path
        Definition document, or the YAML or JSON file that holds it.
    variables : mapping, optional
        Run variables, among them those that name the datasets that are written.
    on_busy : {"wait", "attach", "fail"}, default "wait"
        What to do where the flow runs already.
    timeout : float, optional
        Seconds to wait for a busy flow and for the run's end; None waits for as long as it takes.
    create_app : bool, default False
        Whether the task creates the app where there is none of that name.
    **options
        As for Prefect's ``task``.

    Returns
    -------
    MaterializingTask
        Called as ``task(credentials, variables=None)``, where the variables come before those given here; it returns
        the run's log, and raises what `run_flow` raises.

    Raises
    ------
    ikigai_core.errors.InvalidDefinition
        The definition has a fault, or exports nothing.
    """
    plan = _FlowPlan(app, flow, definition, dict(variables or {}), on_busy, timeout, create_app)

    return materialize(*plan.assets, **_options(f"materialize {flow}", plan.upstream, options))(performed(plan.running))


def amaterialize_flow(
    app: str,
    flow: str,
    definition: Document,
    *,
    variables: Mapping[str, Any] | None = None,
    on_busy: OnBusy = "wait",
    timeout: float | None = None,
    create_app: bool = False,
    **options: Any,
) -> MaterializingTask[..., Any]:
    """Async twin of `materialize_flow`: the task that it makes is awaited."""
    plan = _FlowPlan(app, flow, definition, dict(variables or {}), on_busy, timeout, create_app)

    return materialize(*plan.assets, **_options(f"materialize {flow}", plan.upstream, options))(
        aperformed(plan.running)
    )


class _FlowPlan:
    """A flow whose outputs are assets."""

    def __init__(
        self,
        app: str,
        flow: str,
        definition: Document,
        variables: dict[str, Any],
        on_busy: OnBusy,
        timeout: float | None,
        create_app: bool,
    ) -> None:
        from ikigai_core import DefinitionDocument

        self._app = app
        self._flow = flow
        self._document: DefinitionDocument = DefinitionDocument.load(definition)
        self._variables = variables
        self._on_busy = on_busy
        self._timeout = timeout
        self._create_app = create_app
        self._outputs = self._document.exported(variables)
        if not self._outputs:
            raise InvalidDefinition(
                f"Flow {flow!r} of app {app!r} writes no dataset, so there is nothing to materialize: "
                "give it an OUTPUT.Exported facet with the argument dataset_name."
            )
        self.assets = [dataset_asset(app, dataset) for dataset in self._outputs]
        # A flow may read what its last run wrote; an asset is not upstream of itself.
        inputs = [dataset for dataset in self._document.imported() if dataset not in self._outputs]
        self.upstream: list[str | Asset] = [dataset_asset(app, dataset) for dataset in inputs]

    def running(self, credentials: IkigaiCredentials, variables: Mapping[str, Any] | None = None) -> Operation[RunLog]:
        """What the task does: bring the flow up to date, run it, and tell of what it wrote."""
        return Operation(credentials, lambda ikigai: self._carried_out(ikigai, credentials, variables))

    def _carried_out(
        self, ikigai: Client, credentials: IkigaiCredentials, given: Mapping[str, Any] | None
    ) -> Procedure[RunLog]:
        variables = {**self._variables, **(given or {})}
        outputs = self._document.exported(variables)
        if outputs != self._outputs:
            raise InvalidInput(
                f"With these variables flow {self._flow!r} writes {outputs}, and the assets are {self._outputs}: "
                "give variables that name datasets to materialize_flow(variables=…)."
            )
        yield from bring_about(ikigai, self._app, self._flow, self._document.to_dict(), create_app=self._create_app)
        deadline = Deadline(self._timeout)
        request = RunRequest(self._app, self._flow, variables, self._on_busy, deadline, credentials.document_id)
        log = yield from run_to_the_end(ikigai, request)
        home = yield from get(ikigai.apps, self._app)
        for asset, dataset in zip(self.assets, outputs, strict=True):
            written = yield from get(home.datasets, dataset)
            yield from _described(asset, written, {"run_log_id": log.log_id})
        return log


def _uploading(
    app: str, dataset: str, create_app: bool
) -> Callable[[IkigaiCredentials, Data], Operation[dict[str, Any]]]:
    def upload_it(credentials: IkigaiCredentials, data: Data) -> Operation[dict[str, Any]]:
        return Operation(credentials, lambda ikigai: _uploaded(ikigai, app, dataset, data, create_app))

    return upload_it


def _uploaded(ikigai: Client, app: str, dataset: str, data: Data, create_app: bool) -> Procedure[dict[str, Any]]:
    uploaded = yield from upload(ikigai, app, dataset, data, create_app=create_app)
    yield from _described(dataset_asset(app, dataset), uploaded, {})
    return upload_summary(uploaded)


def _described(asset: Asset, dataset: Any, more: Mapping[str, Any]) -> Procedure[None]:
    profile = yield from profile_of(dataset)
    metadata = {
        "row_count": profile.row_count,
        "columns": profile.columns,
        "dataset_id": dataset.dataset_id,
        "web_url": dataset.web_url,
        **more,
    }
    add_asset_metadata(asset.key, metadata)


def _options(name: str, asset_deps: list[str | Asset] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    told = {"by": MATERIALIZED_BY, "name": name, "task_run_name": name, "asset_deps": asset_deps}
    return {**task_options(), **told, **given}
