"""Records of a flow's state and of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field, field_validator

from ikigai_core.enums import FlowStatus
from ikigai_core.records import Record, printed
from ikigai_core.redaction import redacted

LONGEST_MESSAGE = 50_000
"""Characters of a message. What is longer fits into no event of Prefect's, and nobody reads it."""


class Told(Record):
    """A record of the platform that is not a component."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the platform's data.

        Raises
        ------
        UnexpectedAnswerError
            The message names the fields that are missing or malformed.
        """
        return cls.read(data)


class FlowStatusReport(Told):
    """State of a flow.

    Attributes
    ----------
    status : FlowStatus
    progress : int or None
        Percent; None if there is none yet.
    message : str
    """

    status: FlowStatus
    progress: int | None = None
    message: str = ""

    @field_validator("status", mode="before")
    @classmethod
    def _known_or_unknown(cls, value: object) -> object:
        return value if isinstance(value, str) and value in FlowStatus.__members__ else FlowStatus.UNKNOWN

    @field_validator("message")
    @classmethod
    def _storable(cls, value: str) -> str:
        return _storable(value)

    @property
    def is_idle(self) -> bool:
        """True if nothing is running."""
        return self.status in (FlowStatus.IDLE, FlowStatus.FAILED, FlowStatus.STOPPED, FlowStatus.SUCCESS)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class RunLog(Told):
    """The outcome of a run.

    Attributes
    ----------
    log_id : str
    status : FlowStatus
        ``SUCCESS``, ``FAILED`` or ``STOPPED``.
    user : str
        Email address of the user who started the run.
    erroneous_facet_id : str or None
        The facet that failed, as in the flow's definition.
    data : str
        The platform's message; empty for a success. Only the beginning and the end of one of more than 50,000
        characters.
    timestamp : datetime
    """

    log_id: str
    status: FlowStatus
    user: str
    erroneous_facet_id: str | None = None
    data: str = Field(default="", validation_alias="message")
    timestamp: datetime

    @field_validator("erroneous_facet_id", mode="before")
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("data")
    @classmethod
    def _storable(cls, value: str) -> str:
        return _storable(value)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


def _storable(message: str) -> str:
    """A message without keys that every database and orchestrator can store."""
    told = redacted(message).replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    if len(told) <= LONGEST_MESSAGE:
        return told
    gap = "\n… (left out: the message is too long) …\n"
    half = (LONGEST_MESSAGE - len(gap)) // 2
    return told[:half] + gap + told[-half:]
