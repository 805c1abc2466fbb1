"""The request for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ikigai_core.orchestration import Deadline

if TYPE_CHECKING:
    from ikigai_core.orchestration import Isolation, OnBusy, OnDoubt


@dataclass(frozen=True)
class RunRequest:
    """The request for a run; see `prefect_ikigai.run_flow`.

    Attributes
    ----------
    app, flow : str
        Names.
    variables : mapping
        The run variables.
    on_busy : {"wait", "attach", "fail"}
    isolation : {"shared", "copy"}
    on_doubt : {"fail", "accept"}
    unique_output : str or None
        Name of the run variable that names a dataset that no other run writes.
    keep_copies : bool
    deadline : Deadline
    credentials_id : UUID or None
        Id of the saved block for the requests to the platform.
    """

    app: str
    flow: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    on_busy: OnBusy = "wait"
    isolation: Isolation = "shared"
    on_doubt: OnDoubt = "fail"
    unique_output: str | None = None
    keep_copies: bool = False
    deadline: Deadline = field(default_factory=Deadline)
    credentials_id: UUID | None = None
