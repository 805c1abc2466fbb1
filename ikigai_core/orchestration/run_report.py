"""The outcome of a run that a task followed, as plain JSON for XCom, events, artifacts and metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from ikigai_core.errors import InvalidInputError

if TYPE_CHECKING:
    from ikigai_core.errors import IkigaiError
    from ikigai_core.run_records import RunLog
    from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun

_SUCCESS = "SUCCESS"
_UNTOLD = ("RunLostError", "RunAmbiguousError")
_KINDS: dict[str, tuple[type, ...]] = {
    "variables": (dict, type(None)),
    "attached": (bool,),
    "picked_up": (bool,),
    "web_url": (str, type(None)),
    "log": (dict, type(None)),
    "transient": (bool,),
    "outputs": (list, type(None)),
    "run": (dict, type(None)),
}
"""The JSON types of the fields. All other fields are strings."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """The outcome of following a run. Made by `success` or `failure`, written by `to_dict`, read by `from_dict`.

    Attributes
    ----------
    app_id, app_name, flow_id, flow_name : str
        Empty if following failed before they were known.
    variables : dict or None
        The run variables of the start; None for a run that was attached to.
    attached : bool
        True if somebody else started the run and it was attached to.
    picked_up : bool
        True if an earlier attempt started the run.
    web_url : str or None
        Address of the run's page for people.
    log : dict or None
        The run's log, also if the run failed; None if its end was not seen.
    error, message : str
        Name of the error's class in `ikigai_core.errors`, and its full message; empty for a success.
    transient : bool
        True if the same task, unchanged, may succeed later.
    seen : str
        For a run that did not end in time: in which state it was last seen, and when, as a sentence.
    doubt : str
        Why the log may belong to another run, as a sentence; empty if it cannot.
    outputs : list of str or None
        Names of the datasets that the run wrote; None if they are not known.
    run : dict or None
        The stored form of the run, for `RunStore.take` and `ikigai.flow_run`.
    """

    app_id: str = ""
    app_name: str = ""
    flow_id: str = ""
    flow_name: str = ""
    variables: dict[str, Any] | None = None
    attached: bool = False
    picked_up: bool = False
    web_url: str | None = None
    log: dict[str, Any] | None = None
    error: str = ""
    message: str = ""
    transient: bool = False
    seen: str = ""
    doubt: str = ""
    outputs: list[str] | None = None
    run: dict[str, Any] | None = None

    @classmethod
    def success(
        cls, run: FlowRun | AsyncFlowRun, log: RunLog, *, app_name: str = "", outputs: Sequence[str] | None = None
    ) -> Self:
        """Report a successful run.

        Parameters
        ----------
        run : FlowRun or AsyncFlowRun
        log : RunLog
        app_name : str, optional
        outputs : sequence of str, optional
            Names of the datasets that the run wrote, from `written_outputs`.
        """
        written = None if outputs is None else list(outputs)
        return cls(**_about(run), app_name=app_name, log=_plain(log), doubt=run.doubt, outputs=written)

    @classmethod
    def failure(
        cls, error: IkigaiError, run: FlowRun | AsyncFlowRun | None = None, *, app_name: str = "", flow_name: str = ""
    ) -> Self:
        """Report a run that failed, or that could not be followed.

        Parameters
        ----------
        error : IkigaiError
        run : FlowRun or AsyncFlowRun, optional
            None if no run was started.
        app_name, flow_name : str, optional
            The names that the user gave.
        """
        about = {"flow_name": flow_name} if run is None else _about(run)
        log: RunLog | None = getattr(error, "run_log", None) or (run.run_log if run is not None else None)
        return cls(
            **about,
            app_name=app_name,
            log=None if log is None else _plain(log),
            error=type(error).__name__,
            message=str(error),
            transient=error.transient,
            seen=getattr(error, "seen", ""),
            doubt="" if run is None else run.doubt,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Self:
        """Read the output of `to_dict`, from this or another process. Fields of later releases are ignored.

        Raises
        ------
        InvalidInputError
            The data are malformed, or show neither success nor failure. A run is never considered successful by
            default.
        """
        if not isinstance(data, Mapping):
            raise InvalidInputError(f"This is no report of a flow run, but {data!r}.")
        known = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        for name, value in known.items():
            if not isinstance(value, _KINDS.get(name, (str,))):
                raise InvalidInputError(f"The report of the flow run is malformed: {name} is {value!r}.")
        report = cls(**known)
        if not report.error and not report.is_success:
            raise InvalidInputError(f"The report does not say how the flow run ended: {dict(data)!r}")
        return report

    def to_dict(self) -> dict[str, Any]:
        """A dict that can be stored as JSON, without secrets."""
        return asdict(self)

    @property
    def is_success(self) -> bool:
        """True if the run is known to have succeeded."""
        return not self.error and (self.log or {}).get("status") == _SUCCESS

    @property
    def is_over(self) -> bool:
        """True if the run ended and its outcome is known."""
        return self.log is not None

    @property
    def is_lost(self) -> bool:
        """True if the outcome of the run cannot be known, so that following it again is useless."""
        return self.error in _UNTOLD

    @property
    def run_log(self) -> RunLog | None:
        """The run's log, as a `RunLog` of the client."""
        from ikigai_core.run_records import RunLog

        return None if self.log is None else RunLog.model_validate(self.log)


def _about(run: FlowRun | AsyncFlowRun) -> dict[str, Any]:
    return {
        "app_id": run.app_id,
        "flow_id": run.flow_id,
        "flow_name": run.flow_name,
        "variables": None if run.attached else dict(run.variables),
        "attached": run.attached,
        "picked_up": run.picked_up,
        "web_url": run.web_url,
        "run": run.to_dict(),
    }


def _plain(log: RunLog) -> dict[str, Any]:
    return log.model_dump(mode="json")
