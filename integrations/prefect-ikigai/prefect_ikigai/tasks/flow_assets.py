"""Flows of the platform whose outputs are assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prefect.assets import Asset
from prefect.context import AssetContext

from ikigai_core import orchestration
from ikigai_core.errors import InvalidInputError
from ikigai_core.orchestration import Deadline, LoadedDefinition
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
    """Make a task that runs a flow and tells Prefect of the assets that it writes.

    The definition says what they are: each dataset that it exports is an asset, and those that it imports are upstream
    of them. It is read here, and nothing is sent. The task brings the flow up to date, runs it, and adds the metadata
    ``row_count``, ``columns``, ``dataset_id`` and ``run_log_id`` to each asset. Assets that the run did not write are
    not reported as materialized.

    Parameters
    ----------
    app, flow : str
        Names.
    definition : mapping, str, path, DefinitionDocument or FlowDefinition
        Definition document, or the YAML or JSON file that holds it; or what the client's builder made.
    variables : mapping, optional
        Run variables, among them those that name the datasets that are written.
    on_busy : {"wait", "attach", "fail"}, default "wait"
        What to do if the flow runs already. What a run wrote that was attached to is not known, and not reported.
    isolation, on_doubt, unique_output, keep_copies
        As for `run_flow`.
    timeout : float, optional
        Seconds to wait for a busy flow and for the run's end; None waits for as long as it takes.
    create_app : bool, default False
        Whether the task creates the app if there is none of that name.
    **options
        As for Prefect's ``task``.

    Returns
    -------
    MaterializingTask
        Called as ``task(credentials, variables=None)``, where the variables come before those given here; it returns
        the run's log, and raises what `run_flow` raises.

    Raises
    ------
    ikigai_core.errors.InvalidDefinitionError
        The definition has a fault, or exports nothing.
    """
    request = RunRequest(
        app=app,
        flow=flow,
        variables=dict(variables or {}),
        on_busy=on_busy,
        isolation=isolation,
        on_doubt=on_doubt,
        unique_output=unique_output,
        keep_copies=keep_copies,
    )
    plan = _FlowPlan(request, definition, timeout, create_app)
    return Materialization(f"materialize {flow}", plan.assets, plan.running, plan.upstream, options)


amaterialize_flow = async_materializing(materialize_flow)


class _FlowPlan:
    """A flow whose outputs are assets, and how it is run.

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
        # A flow may read what its last run wrote; an asset is not upstream of itself.
        inputs = [dataset for dataset in self._loaded.inputs(request.variables) if dataset not in self._outputs]
        self.upstream: list[str | Asset] = [dataset_asset(request.app, dataset) for dataset in inputs]

    def running(self, credentials: IkigaiCredentials, variables: Mapping[str, Any] | None = None) -> Operation[RunLog]:
        """What the task does: bring the flow up to date, run it, and tell of what it wrote."""
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
        """Describe what the run wrote, as its own variables name it."""
        app = yield from orchestration.find_app(ikigai, self._request.app)
        written = yield from orchestration.written_outputs(app, run, self._loaded.definition)
        if written is None:
            _not_materialized(self.assets, "what somebody else's run of the flow wrote is not known")
            return
        datasets = {dataset_asset(self._request.app, dataset.name).key: dataset for dataset in written.datasets}
        for asset in self.assets:
            if asset.key in datasets:
                yield from described(asset, datasets[asset.key], {"run_log_id": log.log_id})
            else:
                _not_materialized([asset], f"run {log.log_id} did not write it")


def _not_materialized(assets: list[Asset], why: str) -> None:
    """Keep Prefect from telling that assets were materialized."""
    context = AssetContext.get()
    keys = {asset.key for asset in assets}
    if context is not None:
        context.downstream_assets = {asset for asset in context.downstream_assets if asset.key not in keys}
    current_logger().warning("Not reported as materialized: %s; %s", ", ".join(sorted(keys)), why)
