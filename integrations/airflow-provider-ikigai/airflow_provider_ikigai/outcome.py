"""How a flow run came out: the one answer of a wait on the worker and of a wait in the triggerer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from ikigai_core import AsyncFlowRun, Flow, FlowDefinition, FlowRun, RunLog
    from ikigai_core.errors import IkigaiError


@dataclass(frozen=True)
class Outcome:
    """How waiting for a flow run ended.

    Attributes
    ----------
    about : dict
        What is known of the run besides its log: ``app_id``, ``flow_id``, ``flow``, ``outputs`` (names of datasets, or
        None for a run of somebody else), ``inputs`` (their ids), and by which names app and flow were ``asked_for``.
    run_log : dict or None
        The run's log as JSON, where the run is over.
    error : str
        Name of the error's class in `ikigai_core.errors`; empty for a success.
    message : str
        The error's text, complete.
    transient : bool
        Whether the same task may succeed later, unchanged.
    web_url : str or None
        The run's page for people.
    doubt : str
        Why the log may be another run's, as a sentence; empty where there is no doubt.
    flow_run : dict or None
        The run as it is kept, with its log where it is over. Triggers of earlier releases did not tell it.
    """

    about: dict[str, Any]
    run_log: dict[str, Any] | None = None
    error: str = ""
    message: str = ""
    transient: bool = False
    web_url: str | None = None
    doubt: str = ""
    flow_run: dict[str, Any] | None = None

    @classmethod
    def success(cls, about: Mapping[str, Any], run_log: RunLog, run: FlowRun | AsyncFlowRun) -> Outcome:
        """The run ended well."""
        return cls(
            dict(about),
            run_log.model_dump(mode="json"),
            web_url=run.web_url,
            doubt=run.doubt,
            flow_run=run.to_dict(),
        )

    @classmethod
    def failure(
        cls, about: Mapping[str, Any], error: IkigaiError, run: FlowRun | AsyncFlowRun | None = None
    ) -> Outcome:
        """The run failed, or waiting for it did. A doubt is part of the error's message."""
        run_log: RunLog | None = getattr(error, "run_log", None)
        return cls(
            dict(about),
            run_log=None if run_log is None else run_log.model_dump(mode="json"),
            error=type(error).__name__,
            message=str(error),
            transient=error.transient,
            web_url=None if run is None else run.web_url,
            flow_run=None if run is None else run.to_dict(),
        )

    @classmethod
    def from_event(cls, event: Mapping[str, Any] | None) -> Outcome:
        """Read a trigger's event; what a later release adds to it is left out.

        Raises
        ------
        AirflowFailException
            Where the event says neither success nor failure: a run is never taken for a success by default.
        """
        known = {field.name for field in fields(cls)}
        outcome = cls(**{"about": {}, **{name: value for name, value in (event or {}).items() if name in known}})
        if not outcome.error and (outcome.run_log or {}).get("status") != "SUCCESS":
            raise AirflowFailException(f"The trigger's event does not say how the flow run ended: {event!r}")
        return outcome

    def to_event(self) -> dict[str, Any]:
        """The payload of a trigger's event: plain JSON, without secrets."""
        return asdict(self)

    @property
    def is_over(self) -> bool:
        """Whether the run is over, and how it ended is known."""
        return self.run_log is not None

    @property
    def is_lost(self) -> bool:
        """Whether nobody can tell how the run ended, so that waiting for it again is of no use."""
        return self.error in ("RunLostError", "RunAmbiguousError")

    @property
    def result(self) -> dict[str, Any]:
        """What the task returns."""
        about = {name: value for name, value in self.about.items() if name not in ("inputs", "asked_for")}
        return {**about, "run_log": self.run_log, "doubt": self.doubt}


def about_run(flow: Flow, definition: FlowDefinition, run: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a run besides its log, as its own variables have it.

    Parameters
    ----------
    flow : Flow
    definition : FlowDefinition
        The flow's, when the run was started.
    run : mapping
        The run, as `FlowRun.to_dict` gives it.
    """
    known = {"app_id": flow.app_id, "flow_id": flow.flow_id, "flow": flow.name}
    if run.get("attached"):
        return {**known, "outputs": None, "inputs": []}
    variables = run["variables"]
    return {**known, "outputs": definition.exported(variables), "inputs": definition.imported(variables)}
