"""What is known of a run: a small value that another process, of a newer release too, can pick up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from ikigai_core.errors import InvalidInput
from ikigai_core.given import check_type

VERSION = 2

Phase = Literal["prepared", "started", "refused"]

_SINCE_VERSION = {
    1: ("app_id", "flow_id", "flow_name", "baseline", "variables", "phase", "attached"),
    2: ("user", "rivals", "doubt", "log_id"),
}


@dataclass(frozen=True)
class RunState:
    """A run of a flow, as its followers need it.

    Attributes
    ----------
    app_id, flow_id, flow_name : str
    baseline : str or None
        The newest log id before the start; None where the flow had no log. The first newer entry is this run's.
    variables : mapping
        The run variables that it was, or is to be, started with.
    phase : {"prepared", "started", "refused"}
        ``prepared``: the start may or may not have been sent. ``started``: it is known to have been carried out.
        ``refused``: it was sent, and the platform turned it down.
    attached : bool
        Whether the run was found going rather than started by this caller.
    user : str or None
        Email address of who started it, which its log will name; None where that is not known.
    rivals : int
        How many runs of this user ended after the baseline was read and before the start was known to be accepted.
    doubt : str
        Why the run may be taken for another one, in a sentence; empty where it cannot.
    log_id : str or None
        Id of the run's log, once that is known.
    """

    app_id: str
    flow_id: str
    flow_name: str
    baseline: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    phase: Phase = "prepared"
    attached: bool = False
    user: str | None = None
    rivals: int = 0
    doubt: str = ""
    log_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON takes, with a version in it."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` of this or an earlier release wrote.

        Raises
        ------
        InvalidInput
            It is no such thing, or a later release wrote it.
        """
        check_type(data, Mapping, "The run", "what FlowRun.to_dict() gave")
        version = data.get("version")
        if version not in _SINCE_VERSION:
            raise InvalidInput(
                f"This is a run of version {version!r}, and this release of ikigai-core reads up to version {VERSION}: "
                "upgrade ikigai-core where the run is picked up."
            )
        names = [name for since, added in _SINCE_VERSION.items() if since <= version for name in added]
        missing = [name for name in names if name not in data]
        if missing:
            raise InvalidInput(f"This is no flow run: {', '.join(missing)} missing. Pass what FlowRun.to_dict() gave.")
        return cls(**{name: data[name] for name in names})
