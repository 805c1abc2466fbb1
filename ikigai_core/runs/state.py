"""What is known of a run: a small value that another process, of a newer release too, can pick up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from ikigai_core.errors import InvalidInputError
from ikigai_core.run_records import RunLog
from ikigai_core.validation import check_type

VERSION = 3

Phase = Literal["prepared", "copied", "started", "unknown", "refused", "fenced", "ended", "taken"]
OnDoubt = Literal["fail", "accept"]

_SINCE_VERSION = {
    1: ("app_id", "flow_id", "flow_name", "baseline", "variables", "phase", "attached"),
    2: ("user", "rivals", "doubt", "log_id"),
    3: (
        "baseline_at",
        "on_doubt",
        "unique_output",
        "output_before",
        "copy_name",
        "copy_id",
        "keep_copy",
        "log",
        "taken_by",
    ),
}


@dataclass(frozen=True)
class RunState:
    """A run of a flow, as its followers need it.

    Attributes
    ----------
    app_id, flow_id, flow_name : str
        Of the flow that was asked for, also where a private copy of it runs.
    baseline : str or None
        The newest log id before the start; None where the flow had no log. The first newer entry is this run's.
    variables : mapping
        The run variables that it was, or is to be, started with.
    phase : {"prepared", "copied", "started", "unknown", "refused", "fenced", "ended", "taken"}
        ``prepared``: the start, or the creation of the private copy, may or may not have been sent. ``copied``: the
        private copy is there, and its start may or may not have been sent. ``started``: the start is known to have
        been carried out. ``unknown``: what became of the start could not be found out. ``refused``: the platform
        turned the start down. ``fenced``: the start was given up, and can do nothing any more if it still arrives.
        ``ended``: the run is over, and `log` says how. ``taken``: its result was taken by `taken_by`.
    attached : bool
        Whether the run is somebody else's that was found going.
    user : str or None
        Email address of who started it, which its log will name; None where that is not known.
    rivals : int
        How many runs of this user ended after the baseline was read and before the start was known to be accepted; -1
        where they have not been counted yet.
    doubt : str
        Why the run may be taken for another one, in a sentence; empty where it cannot.
    log_id : str or None
        Id of the run's log, once that is known.
    baseline_at : str or None
        The time of the baseline, by the platform's clock (ISO 8601): what the run wrote was written later. None where
        the flow had no log.
    on_doubt : {"fail", "accept"}
        What to do where it cannot be proven which run is this one.
    unique_output : str
        Name of a dataset that only this run writes; empty where there is none.
    output_before : str
        When that dataset was changed last before the start, as the platform says it; empty where it did not exist.
    copy_name : str
        Name of the private copy; empty for a run of the flow itself.
    copy_id : str or None
        The private copy's id, once that is known.
    keep_copy : bool
        Whether the private copy stays after the run.
    log : mapping or None
        The run's log as JSON, once it is over.
    taken_by : str
        Who took the result, in the caller's words.
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
    baseline_at: str | None = None
    on_doubt: OnDoubt = "fail"
    unique_output: str = ""
    output_before: str = ""
    copy_name: str = ""
    copy_id: str | None = None
    keep_copy: bool = False
    log: Mapping[str, Any] | None = None
    taken_by: str = ""

    @property
    def running_flow_id(self) -> str:
        """Id of the flow that runs: the private copy's, or the flow's own."""
        return self.copy_id or self.flow_id

    @property
    def is_private(self) -> bool:
        """Whether a private copy runs, so that all that its status and log show is this run's."""
        return bool(self.copy_name)

    @property
    def is_examined(self) -> bool:
        """Whether all is known by which the run's entry in the log is told from others'."""
        return self.phase != "unknown" and self.rivals >= 0

    @property
    def is_over(self) -> bool:
        """Whether it is known how the run ended."""
        return self.log is not None

    @property
    def run_log(self) -> RunLog | None:
        """The run's log, once it is over."""
        return None if self.log is None else RunLog.model_validate(self.log)

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON takes, with a version in it."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` of this or an earlier release wrote.

        Raises
        ------
        InvalidInputError
            It is no such thing, or a later release wrote it.
        """
        check_type(data, Mapping, "The run", "what FlowRun.to_dict() gave")
        version = data.get("version")
        if version not in _SINCE_VERSION:
            raise InvalidInputError(
                f"This is a run of version {version!r}, and this release of ikigai-core reads up to version {VERSION}: "
                "upgrade ikigai-core where the run is picked up."
            )
        names = [name for since, added in _SINCE_VERSION.items() if since <= version for name in added]
        missing = [name for name in names if name not in data]
        if missing:
            raise InvalidInputError(
                f"This is no flow run: {', '.join(missing)} missing. Pass what FlowRun.to_dict() gave."
            )
        return cls(**{name: data[name] for name in names})
