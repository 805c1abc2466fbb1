"""The request for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from ikigai_core.orchestration import Deadline, StartOptions

if TYPE_CHECKING:
    from prefect_ikigai.blocks.credentials import IkigaiCredentials


@dataclass(frozen=True)
class RunRequest:
    """The request for a run; see `prefect_ikigai.run_flow`.

    Attributes
    ----------
    app, flow : str
        Names.
    variables : mapping
        The run variables.
    options : StartOptions
    deadline : Deadline
    credentials_id : UUID or None
        Id of the saved block for the requests to the platform.

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        An option is unusable, or two options contradict each other.
    """

    app: str
    flow: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    options: StartOptions = field(default_factory=StartOptions)
    deadline: Deadline = field(default_factory=Deadline)
    credentials_id: UUID | None = None

    def __post_init__(self) -> None:
        self.options.check()

    @classmethod
    def of(
        cls,
        credentials: IkigaiCredentials,
        app: str,
        flow: str,
        variables: Mapping[str, Any] | None,
        options: StartOptions,
        timeout: float | None,
    ) -> Self:
        """The request of a task or a block. Its time begins now."""
        return cls(app, flow, dict(variables or {}), options, Deadline.after(timeout), credentials.document_id)
