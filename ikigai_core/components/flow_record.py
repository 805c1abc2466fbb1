"""Records of flows, as the platform describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field, PrivateAttr, ValidatorFunctionWrapHandler, field_validator

from ikigai_core.components.component import Component
from ikigai_core.components.schedule import NO_SCHEDULE, Schedule
from ikigai_core.records import printed


class FlowRecord(Component):
    """Record of a flow, as the platform describes it.

    Attributes
    ----------
    app_id, flow_id, name : str
    agent_access : bool
    schedule : Schedule or None
    created_at, modified_at : datetime
        With time zone.
    """

    app_id: str = Field(validation_alias="project_id")
    flow_id: str = Field(validation_alias="pipeline_id")
    name: str
    agent_access: bool = Field(default=False, repr=False, exclude=True)
    schedule: Schedule | None = Field(default=None, repr=False, exclude=True)
    created_at: datetime
    modified_at: datetime

    _last_run: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def bind(cls, data: Mapping[str, Any], client: Any, changes: tuple[str, ...] = ()) -> Self:
        """Read the platform's data, and bind the flow to a client."""
        self = super().bind(data, client, changes)
        last_run = data.get("last_run")
        self._last_run = dict(last_run) if isinstance(last_run, Mapping) else {}
        return self

    @property
    def last_run(self) -> Mapping[str, Any]:
        """The newest run, as the platform sent it with the flow: status and timestamp. Empty if it sent none."""
        return self._last_run

    @field_validator("schedule", mode="wrap")
    @classmethod
    def _blanks_are_none(cls, value: object, read: ValidatorFunctionWrapHandler) -> Schedule | None:
        if isinstance(value, Mapping) and (value == NO_SCHEDULE or not any(value.values())):
            return None
        try:
            schedule: Schedule | None = read(value)
        except (TypeError, OverflowError) as error:
            raise ValueError(str(error)) from None
        return schedule

    def to_dict(self) -> dict[str, Any]:
        """The flow's data as plain values. `from_dict` restores the flow from them."""
        schedule = self.schedule.to_dict() if self.schedule else None
        return {**self.model_dump(), "agent_access": self.agent_access, "schedule": schedule}

    @property
    def web_url(self) -> str | None:
        """Address of the flow's page for people; None if the platform's pages are not known. Sends nothing."""
        return self._page(self.app_id, "flows", self.flow_id)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__
