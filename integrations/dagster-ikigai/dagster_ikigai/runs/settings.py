"""How the flows of assets are run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import dagster as dg

from ikigai_core.errors import IkigaiError
from ikigai_core.orchestration import Deadline, Isolation, OnBusy, OnDoubt

if TYPE_CHECKING:
    from dagster_ikigai.flows.runnable import RunnableFlow

PARTITION_OUTPUT = "{dataset} {partition}"
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "on_busy": get_args(OnBusy),
    "isolation": get_args(Isolation),
    "on_doubt": get_args(OnDoubt),
}


@dataclass(frozen=True)
class StartSettings:
    """How a flow is started; see `FlowSettings`."""

    on_busy: OnBusy = "wait"
    isolation: Isolation = "shared"
    on_doubt: OnDoubt = "fail"
    unique_output: str | None = None
    keep_copies: bool = False
    timeout: float | None = None

    def fault(self, flow: RunnableFlow) -> str | None:
        """Say what is wrong; None if nothing is."""
        try:
            Deadline.after(self.timeout)
        except IkigaiError as error:
            return str(error)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                return f"{name} is {getattr(self, name)!r}: choose one of {', '.join(map(repr, choices))}."
        if self.isolation == "copy" and self.on_busy == "attach":
            return "on_busy='attach' takes another run of the flow, and a private copy has none: drop one."
        named = flow.output_variables().values()
        if self.unique_output is not None and flow.is_described and self.unique_output not in named:
            known = ", ".join(map(repr, named)) or "none"
            return (
                f"unique_output is {self.unique_output!r}, and the run variables that name datasets which the flow "
                f"writes are: {known}."
            )
        return None


@dataclass(frozen=True)
class FlowSettings:
    """How a flow of assets is run.

    Attributes
    ----------
    variables : mapping
        Run variables by name, the same for each run.
    on_busy : {"wait", "attach", "fail"}
        What to do if somebody else's run of the flow is under way.
    isolation : {"shared", "copy"}
        Whether the flow itself runs, or each run gets a private copy of it: then runs go side by side, and it is always
        certain which run is whose. Schedule, grants and downstream flows are not copied.
    on_doubt : {"fail", "accept"}
        What to do if it cannot be proven which run is the step's: fail, or take the one that seems to be it. Its
        materializations then say so (``ikigai/doubt``).
    unique_output : str or None
        Name of the run variable that names a dataset which no other run writes: it proves that a run is the step's.
    keep_copies : bool
        Whether private copies stay after their run.
    timeout : float or None
        Seconds for the wait for a busy flow and for the run, together. Default: no limit.
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
        Pool of the steps. Default: one for each flow, so that a limit of one keeps steps from waiting in line; none for
        private copies.
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
    isolation: Isolation = "shared"
    on_doubt: OnDoubt = "fail"
    unique_output: str | None = None
    keep_copies: bool = False
    timeout: float | None = None
    partitions_def: dg.PartitionsDefinition[Any] | None = None
    partition_variable: str | Mapping[str, str] | None = None
    partition_output: str | None = PARTITION_OUTPUT
    backfill_policy: dg.BackfillPolicy | None = None
    retry_policy: dg.RetryPolicy | None = None
    pool: str | None = None
    op_tags: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> StartSettings:
        """How the flow is started."""
        return StartSettings(
            on_busy=self.on_busy,
            isolation=self.isolation,
            on_doubt=self.on_doubt,
            unique_output=self.unique_output,
            keep_copies=self.keep_copies,
            timeout=self.timeout,
        )
