"""State of a run: a small value that another process can resume, also one with a newer release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from ikigai_core.errors import InvalidInputError
from ikigai_core.runs.start_options import OnDoubt
from ikigai_core.validation import check_type

if TYPE_CHECKING:
    from ikigai_core.run_records import RunLog

VERSION = 4

Phase = Literal["prepared", "copied", "started", "unknown", "refused", "fenced", "ended", "taken"]

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
    4: ("started_at",),
}


@dataclass(frozen=True)
class RunState:
    """State of a run of a flow.

    Attributes
    ----------
    app_id, flow_id, flow_name : str
        Of the original flow, also if a private copy runs.
    baseline : str or None
        The newest log id before the start; None if the flow had no log. The first newer entry belongs to this run.
    variables : mapping
        The run variables of the start.
    phase : {"prepared", "copied", "started", "unknown", "refused", "fenced", "ended", "taken"}
        ``prepared``: the start, or the creation of the private copy, may have been sent. ``copied``: the private copy
        exists, and its start may have been sent. ``started``: the start was certainly carried out. ``unknown``: it
        could not be found out what happened to the start. ``refused``: the platform refused the start. ``fenced``: the
        start was given up, and has no effect even if it still arrives. ``ended``: the run is over, and `log` has the
        outcome. ``taken``: `taken_by` has taken its result.
    attached : bool
        True if somebody else started the run and it was attached to.
    user : str or None
        Email address of the starter, which the run's log will name; None if it is not known.
    rivals : int
        Number of this user's runs that ended between the baseline and the accepted start; -1 if they have not been
        counted yet.
    doubt : str
        Why the run may be confused with another one, in a sentence; empty if it cannot.
    log_id : str or None
        Id of the run's log, when it is known.
    baseline_at : str or None
        Time of the baseline, by the platform's clock (ISO 8601). The run's own data are newer. None if the flow had no
        log.
    on_doubt : {"fail", "accept"}
        Reaction if it cannot be proven which run is this one.
    unique_output : str
        Name of a dataset that only this run writes; empty if there is none.
    output_before : str
        Last change of that dataset before the start, as the platform reports it; empty if it did not exist.
    copy_name : str
        Name of the private copy; empty for a run of the flow itself.
    copy_id : str or None
        Id of the private copy, when it is known.
    keep_copy : bool
        True if the private copy stays after the run.
    log : mapping or None
        The run's log as JSON, after the run is over.
    taken_by : str
        Name of the one who took the result, chosen by the caller.
    started_at : float or None
        Time at which the start was accepted, by the starter's clock (seconds since the epoch). None if somebody else
        started the run, or if an earlier release did. It only helps to choose when to look at the run.
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
    started_at: float | None = None

    @property
    def running_flow_id(self) -> str:
        """Id of the flow that actually runs: the private copy, or the flow itself."""
        return self.copy_id or self.flow_id

    @property
    def is_private(self) -> bool:
        """True if a private copy runs. Then its status and log show only this run."""
        return bool(self.copy_name)

    @property
    def is_examined(self) -> bool:
        """True if the evidence for identifying the run's log entry is complete."""
        return self.phase != "unknown" and self.rivals >= 0

    @property
    def is_over(self) -> bool:
        """True if the run's outcome is known."""
        return self.log is not None

    @property
    def run_log(self) -> RunLog | None:
        """The run's log, after the run is over."""
        # Pydantic takes a while to load, and who only names a run's options needs none of it.
        from ikigai_core.run_records import RunLog

        return None if self.log is None else RunLog.model_validate(self.log)

    def to_dict(self) -> dict[str, Any]:
        """A dict that can be stored as JSON, with a version number."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the output of `to_dict` from this or an earlier release.

        Raises
        ------
        InvalidInputError
            The data are not a run, or a later release wrote them.
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
                f"This is not a flow run: {', '.join(missing)} missing. Pass the result of FlowRun.to_dict()."
            )
        return cls(**{name: data[name] for name in names})
