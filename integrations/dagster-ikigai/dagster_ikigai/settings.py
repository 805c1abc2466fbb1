"""How the flows of assets are run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from dagster_ikigai.resources import OnBusy

PARTITION_OUTPUT = "{dataset} {partition}"


@dataclass(frozen=True)
class FlowSettings:
    """How a flow of assets is run.

    Attributes
    ----------
    variables : mapping
        Run variables by name, the same for each run.
    on_busy : {"wait", "attach", "fail"}
        What to do where somebody else's run of the flow is under way.
    timeout : float or None
        Seconds to wait for a busy flow, and to follow the run. Default: no limit.
    partitions_def : PartitionsDefinition or None
        Partitions of the assets.
    partition_variable : str, mapping or None
        The run variable that gets the partition's key; for partitions of several dimensions, one by dimension.
    partition_output : str or None
        Name of the dataset that a partition is written to, with ``{dataset}`` and ``{partition}`` in it. It is set by
        the run variable of each Exported facet's ``dataset_name``. None: all partitions write the datasets that the
        definition names.
    backfill_policy : BackfillPolicy or None
        One run for each partition is what flows can do.
    retry_policy : RetryPolicy or None
        For errors that may pass; a failed run is not repeated.
    pool : str or None
        Pool of the steps. Default: one for each flow, so that a limit of one keeps steps from waiting in line.
    op_tags : mapping
        Tags of the steps.

    Examples
    --------
    >>> daily = FlowSettings(partitions_def=dg.DailyPartitionsDefinition("2013-01-01"), partition_variable="day")
    >>> state = IkigaiAppState(app_id="1", app="Late flights", owner="bob@example.com")
    >>> build_ikigai_assets_definitions(state, flow_settings={"Late flights": daily})
    []
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    on_busy: OnBusy = "wait"
    timeout: float | None = None
    partitions_def: dg.PartitionsDefinition[Any] | None = None
    partition_variable: str | Mapping[str, str] | None = None
    partition_output: str | None = PARTITION_OUTPUT
    backfill_policy: dg.BackfillPolicy | None = None
    retry_policy: dg.RetryPolicy | None = None
    pool: str | None = None
    op_tags: Mapping[str, Any] = field(default_factory=dict)
