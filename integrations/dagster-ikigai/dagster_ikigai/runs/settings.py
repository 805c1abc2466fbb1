"""Settings for the runs of assets' flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import dagster as dg

from ikigai_core.errors import IkigaiError
from ikigai_core.orchestration import Deadline, StartOptions

if TYPE_CHECKING:
    from dagster_ikigai.flows.runnable import RunnableFlow

PARTITION_OUTPUT = "{dataset} {partition}"


@dataclass(frozen=True, kw_only=True)
class StartSettings(StartOptions):
    """Settings for the start of a flow; see `FlowSettings`."""

    timeout: float | None = None

    def fault(self, flow: RunnableFlow) -> str | None:
        """The error message for wrong settings; None if they are correct."""
        try:
            Deadline.after(self.timeout)
            self.check()
        except IkigaiError as error:
            return str(error)
        named = flow.output_variables().values()
        if self.unique_output is not None and flow.is_described and self.unique_output not in named:
            known = ", ".join(map(repr, named)) or "none"
            return (
                f"unique_output is {self.unique_output!r}, and the run variables that name datasets which the flow "
                f"writes are: {known}."
            )
        return None


@dataclass(frozen=True)
class FlowSettings(StartSettings):
    """Settings for the runs of an assets' flow.

    Attributes
    ----------
    variables : mapping
        Run variables by name, the same for each run.
    on_busy : {"wait", "attach", "fail"}
        What to do if the flow is already running.
    isolation : {"shared", "copy"}
        Whether to run the flow itself or a private copy for each run. With copies, runs can be parallel, and each run
        is always identified with certainty. Schedule, grants and downstream flows are not copied.
    on_doubt : {"fail", "accept"}
        What to do if it cannot be proven which run is the step's: fail, or accept the most likely run. In the second
        case, the materializations contain the doubt (``ikigai/doubt``).
    unique_output : str or None
        Name of the run variable that names a dataset that no other run writes. The dataset proves that a run is the
        step's.
    keep_copies : bool
        Whether to keep private copies after their run.
    timeout : float or None
        Time limit in seconds for the wait for a busy flow and the run together. Default: no limit.
    partitions_def : PartitionsDefinition or None
        Partitions of the assets.
    partition_variable : str, mapping or None
        The run variable that receives the partition key. For multi-dimensional partitions, one run variable by
        dimension.
    partition_output : str or None
        Template of the name of each partition's dataset, with ``{dataset}`` and ``{partition}``. The name is set with
        the run variable of each Exported facet's ``dataset_name``. None: all partitions write the datasets in the
        definition.
    backfill_policy : BackfillPolicy or None
        Flows support only one run for each partition.
    retry_policy : RetryPolicy or None
        Retries after transient errors. Failed runs are not repeated.
    pool : str or None
        Pool of the steps. Default: one pool for each flow, so that a limit of one avoids steps that only wait for the
        flow. Private copies have no pool.
    op_tags : mapping
        Tags of the steps.
    deps : sequence
        Further assets upstream of all of the flow's assets, as for ``dagster.AssetSpec``.

    Examples
    --------
    >>> daily = FlowSettings(partitions_def=dg.DailyPartitionsDefinition("2013-01-01"), partition_variable="day")
    >>> state = IkigaiAppState(app_id="1", app="Late flights", owner="bob@example.com")
    >>> build_ikigai_assets_definitions(state, flow_settings={"Late flights": daily})
    []
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    partitions_def: dg.PartitionsDefinition[Any] | None = None
    partition_variable: str | Mapping[str, str] | None = None
    partition_output: str | None = PARTITION_OUTPUT
    backfill_policy: dg.BackfillPolicy | None = None
    retry_policy: dg.RetryPolicy | None = None
    pool: str | None = None
    op_tags: Mapping[str, Any] = field(default_factory=dict)
    deps: Sequence[Any] = ()

    @property
    def start(self) -> StartSettings:
        """The settings for the start of the flow."""
        return StartSettings(**{each.name: getattr(self, each.name) for each in fields(StartSettings)})
