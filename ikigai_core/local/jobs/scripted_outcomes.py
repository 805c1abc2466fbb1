"""Outcomes that were ordered for runs: their statuses, durations and ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ikigai_core.local.control.faults import ANY, Seconds
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.ids import new_id

_MOST_STAGES = 1000

RunStatus = Literal["SCHEDULED", "RUNNING", "STOPPING", "STOPPED", "FAILED", "IDLE", "UNKNOWN"]
EndStatus = Literal["SUCCESS", "FAILED", "STOPPED"]


class Stage(BaseModel):
    """A status of a flow for some time. `progress` is in percent, by default the elapsed share of the running time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: RunStatus
    seconds: Seconds
    progress: Annotated[int, Field(ge=0, le=100)] | None = None
    message: str = ""


class Outcome(BaseModel):
    """An outcome for runs of a flow. `ikigai_core.local.control.LocalControl.outcome` explains the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flow: str = ANY
    status: EndStatus = "SUCCESS"
    message: str = ""
    facet: str = ""
    duration: Seconds | None = None
    sequence: Annotated[tuple[Stage, ...], Field(max_length=_MOST_STAGES)] = ()
    log_delay: Seconds = 0.0
    engine: bool = False
    writes: bool = False
    times: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_one_outcome(self) -> Self:
        if self.sequence and self.duration is not None:
            raise ValueError("duration and sequence cannot be combined: a sequence takes as long as its stages")
        if self.engine and (self.status, self.message, self.facet) != ("SUCCESS", "", ""):
            raise ValueError("with engine, the flow itself determines its outcome: leave out status, message and facet")
        if self.writes and (self.engine or self.status != "SUCCESS"):
            raise ValueError("writes is only for runs that succeed without the engine, which writes the outputs itself")
        return self

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Successive statuses of the flow."""
        return self.sequence or (Stage(status="RUNNING", seconds=self.duration or 0.0),)

    @property
    def seconds(self) -> float:
        """Total duration."""
        return sum(stage.seconds for stage in self.stages)

    def is_about(self, flow: Flow) -> bool:
        """Return whether the outcome applies to this flow."""
        return self.flow in (ANY, flow.flow_id, flow.name)


@dataclass
class Order:
    """An ordered outcome, with the number of runs that used it."""

    outcome: Outcome
    outcome_id: str = field(default_factory=new_id)
    runs: int = 0

    @property
    def is_over(self) -> bool:
        """Whether no more runs use the order."""
        return self.outcome.times is not None and self.runs >= self.outcome.times

    def report(self) -> dict[str, Any]:
        """Return the order in the format of the control API."""
        return {
            "outcome_id": self.outcome_id,
            "runs": self.runs,
            "is_over": self.is_over,
            **self.outcome.model_dump(exclude_defaults=True),
        }
