"""Schedules of flows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ValidationError, field_serializer, field_validator

from ikigai_core.errors import InvalidInputError, WrongArgumentTypeError
from ikigai_core.records import OwnNames
from ikigai_core.validation import check_type, faults_of

_FIELDS = "minute hour day month day_of_week"

NO_SCHEDULE = {"name": "-", "cron": "0 0 0 0 0", "start_time": "1", "end_time": "1"}
"""The value that removes a flow's schedule. The platform offers no other way."""


def whole_seconds_with_zone(value: datetime | None) -> datetime | None:
    """A time as the platform stores it. Without a zone, it is local."""
    if value is None:
        return None
    return (value if value.tzinfo else value.astimezone()).replace(microsecond=0)


class Schedule(OwnNames, BaseModel):
    """A flow's schedule.

    Attributes
    ----------
    name : str
    cron : str
        Five fields: minute, hour, day, month, day of week. The minute is one integer, 0 to 59.
    start_time : datetime
    end_time : datetime or None
        None: no end.
    """

    name: str
    start_time: datetime
    end_time: datetime | None = None
    cron: str

    @classmethod
    def of(cls, schedule: Schedule | Mapping[str, Any] | str, name: str) -> Self:
        """A schedule from a schedule, a mapping of its fields, or a cron expression that is valid from now on.

        Raises
        ------
        WrongArgumentTypeError
            The value has none of these types.
        InvalidInputError
            The message names the fields that are missing or malformed.
        """
        if isinstance(schedule, str):
            schedule = {"name": name, "cron": schedule, "start_time": datetime.now(UTC)}
        elif isinstance(schedule, Schedule):
            schedule = schedule.model_dump()
        if not isinstance(schedule, Mapping):
            raise WrongArgumentTypeError(
                f"Schedule was of type {type(schedule).__name__}, but must be a Schedule, a mapping or a cron text."
            )
        try:
            return cls.model_validate(dict(schedule))
        except ValidationError as error:
            raise InvalidInputError(f"This is not a schedule: {faults_of(error)}") from None

    @field_validator("start_time", "end_time", mode="before")
    @classmethod
    def _blank_is_open(cls, value: object) -> object:
        return None if value == "" else value

    _as_stored = field_validator("start_time", "end_time")(whole_seconds_with_zone)

    @field_validator("cron")
    @classmethod
    def _minute_is_a_number(cls, value: str) -> str:
        fields = value.split()
        if len(fields) != 5:
            raise ValueError(f"Incorrect cron format, expected format: {_FIELDS} but got {value!r}")
        if not fields[0].isdigit():
            raise TypeError(f"Minute field must be an integer, but got {fields[0]!r}")
        if int(fields[0]) > 59:
            raise ValueError(f"Minute field must be an integer between 0 and 59, but got {fields[0]!r}")
        return value.strip()

    @field_serializer("start_time", "end_time")
    def _as_epoch_seconds(self, value: datetime | None) -> str:
        return "" if value is None else str(int(value.timestamp()))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore a schedule from the output of `to_dict`, or from a mapping of its fields. Errors as for `of`."""
        check_type(data, Mapping, "The schedule", "a mapping")
        return cls.of(data, "")

    def to_dict(self) -> dict[str, Any]:
        """The schedule in the format of the platform's API: times as strings of epoch seconds."""
        return self.model_dump()
