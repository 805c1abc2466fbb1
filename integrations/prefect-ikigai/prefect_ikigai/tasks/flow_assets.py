"""Flows of the platform whose outputs are assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prefect.assets import Asset
from prefect.context import AssetContext

from ikigai_core import orchestration
from ikigai_core.errors import InvalidInputError
from ikigai_core.orchestration import Deadline, LoadedDefinition, StartOptions
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.operation import Operation
from prefect_ikigai.runs.request import RunRequest
from prefect_ikigai.runs.running import AnyRun, run_to_the_end
from prefect_ikigai.tasks.assets import dataset_asset, described
from prefect_ikigai.tasks.flows import bring_about
from prefect_ikigai.tasks.materializing import Materialization, async_materializing, materializing

if TYPE_CHECKING:
    from ikigai_core import RunLog
    from ikigai_core.orchestration import AnyClient, Definition, Isolation, OnBusy, OnDoubt
    from ikigai_core.procedure import Procedure


@materializing
def materialize_flow(
    app: str,
    flow: str,
    definition: Definition,
    *,
    variables: Mapping[str, Any] | None = None,
    on_busy: OnBusy = "wait",
    isolation: Isolation = "shared",
    on_doubt: OnDoubt = "fail",
    unique_output: str | None = None,
    keep_copies: bool = False,
    timeout: float | None = None,
    create_app: bool = False,
    **options: Any,
) -> Materialization[..., RunLog]:
    """Create a task that runs a flow and reports the assets that it writes to Prefect.

    Each dataset that the definition exports is an asset, and each dataset that it imports is upstream of these assets.
    This call reads the definition and sends nothing. The task updates the flow, runs it, and adds the metadata
    ``row_count``, ``columns``, ``dataset_id`` and ``run_log_id`` to each asset. Assets that the run did not write are
    not reported as materialized.

    Parameters
    ----------
    app, flow : str
        Names.
    definition : mapping, str, path, DefinitionDocument or FlowDefinition
        Definition document, the path of its YAML or JSON file, or a definition from the client's builder.
    variables : mapping, optional
        Run variables, including those that name the written datasets.
    on_busy : {"wait", "attach", "fail"}, default "wait"
        What to do if the flow is already running. With ``attach``, the outputs are not known and not reported.
    isolation, on_doubt, unique_output, keep_copies
        As for `run_flow`.
    timeout : float, optional
        Seconds to wait for a busy flow and for the run's end; None waits without limit.
    create_app : bool, default False
        Whether the task creates the app if there is none of that name.
    **options
        As for Prefect's ``task``.

    Returns
    -------
    MaterializingTask
        Call it as ``task(credentials, variables=None)``. These variables take precedence over the ones given here. It
        returns the run's log and raises the same errors as `run_flow`.

    Raises
    ------
    ikigai_core.errors.InvalidDefinitionError
        The definition is invalid, or exports nothing.
    """
    request = RunRequest(
        app=app,
        flow=flow,
        variables=dict(variables or {}),
        options=StartOptions(
            on_busy=on_busy,
            isolation=isolation,
            on_doubt=on_doubt,
            unique_output=unique_output,
            keep_copies=keep_copies,
        ),
    )
    plan = _FlowPlan(request, definition, timeout, create_app)
    return Materialization(f"materialize {flow}", plan.assets, plan.running, plan.upstream, options)


amaterialize_flow = async_materializing(materialize_flow)


class _FlowPlan:
    """A flow whose outputs are assets, and the settings for its runs.

    Parameters
    ----------
    request : RunRequest
        Without a deadline.
    definition : mapping, str or path
    timeout : float, optional
    create_app : bool
    """

    def __init__(self, request: RunRequest, definition: Definition, timeout: float | None, create_app: bool) -> None:
        self._request = request
        self._loaded = LoadedDefinition.load(definition)
        self._timeout = timeout
        self._create_app = create_app
        self._outputs = self._loaded.checked_outputs(request.flow, request.variables)
        self.assets = [dataset_asset(request.app, dataset) for dataset in self._outputs]
        # A flow may read the output of its last run, but an asset cannot be upstream of itself.
        inputs = [dataset for dataset in self._loaded.inputs(request.variables) if dataset not in self._outputs]
        self.upstream: list[str | Asset] = [dataset_asset(request.app, dataset) for dataset in inputs]

    def running(self, credentials: IkigaiCredentials, variables: Mapping[str, Any] | None = None) -> Operation[RunLog]:
        """Update the flow, run it, and report the assets that it wrote."""
        request = replace(
            self._request,
            variables={**self._request.variables, **(variables or {})},
            deadline=Deadline.after(self._timeout),
            credentials_id=credentials.document_id,
        )
        return Operation(credentials, lambda ikigai: self._carried_out(ikigai, request))

    def _carried_out(self, ikigai: AnyClient, request: RunRequest) -> Procedure[RunLog]:
        outputs = self._loaded.outputs(request.variables)
        if outputs != self._outputs:
            raise InvalidInputError(
                f"With these variables flow {request.flow!r} writes {outputs}, and the assets are {self._outputs}: "
                "give variables that name datasets to materialize_flow(variables=…)."
            )
        definition = self._loaded.definition
        yield from bring_about(ikigai, request.app, request.flow, definition, create_app=self._create_app)
        followed = yield from run_to_the_end(ikigai, request)
        yield from self._told(ikigai, followed.run, followed.log)
        return followed.log

    def _told(self, ikigai: AnyClient, run: AnyRun, log: RunLog) -> Procedure[None]:
        """Add metadata to the assets that the run wrote, under the names from its variables."""
        app = yield from orchestration.find_app(ikigai, self._request.app)
        written = yield from orchestration.written_outputs(app, run, self._loaded.definition)
        if written is None:
            _not_materialized(self.assets, "it is not known what a run of somebody else wrote")
            return
        datasets = {dataset_asset(self._request.app, dataset.name).key: dataset for dataset in written.datasets}
        for asset in self.assets:
            if asset.key in datasets:
                yield from described(asset, datasets[asset.key], {"run_log_id": log.log_id})
            else:
                _not_materialized([asset], f"run {log.log_id} did not write it")


def _not_materialized(assets: list[Asset], why: str) -> None:
    """Prevent Prefect from reporting assets as materialized."""
    context = AssetContext.get()
    keys = {asset.key for asset in assets}
    if context is not None:
        context.downstream_assets = {asset for asset in context.downstream_assets if asset.key not in keys}
    current_logger().warning("Not reported as materialized: %s; %s", ", ".join(sorted(keys)), why)
