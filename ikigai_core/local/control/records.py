"""Records that the control API's client returns and sends. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from ikigai_core.local.control.client import LocalControl

RunStatus = Literal["SCHEDULED", "RUNNING", "STOPPING", "STOPPED", "FAILED", "IDLE", "UNKNOWN"]


class ControlError(RuntimeError):
    """The platform refused an order. The message says why."""


class Stage(NamedTuple):
    """A status that a flow has for some time.

    Parameters
    ----------
    status : str
        ``SCHEDULED``, ``RUNNING``, ``STOPPING``, ``STOPPED``, ``FAILED``, ``IDLE`` or ``UNKNOWN``.
    seconds : float
        Duration of this status.
    progress : int, optional
        Percent. Default: the elapsed share of the total running time.
    message : str, default ""
    """

    status: RunStatus
    seconds: float
    progress: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Answered:
    """A request in the platform's journal, without credentials, signatures and data.

    Attributes
    ----------
    number : int
        Position in the order of arrival, also sent in the answer's header ``x-request-id``.
    at : float
        Time of arrival, in seconds since the epoch.
    seconds : float or None
        Time from arrival to the end of the answer; None while the request is in progress.
    method, path : str
    operation : str
        Last segment of the path; ``upload-part`` and ``download`` for signed URLs.
    query : mapping
        Strings by name.
    body : object
        The JSON body, with secrets as ``***``; None if there is no body, and for data.
    user : str
        Owner of the API key; empty for signed URLs and for wrong keys.
    agent : str
        User agent.
    origin : mapping
        Names of the task in an orchestrator that sent it: `orchestrator`, `dag`, `task`, `run`, `url` and such.
    status : int or None
        None while the request is in progress, or if it got no answer.
    fault_id : str
        The fault that hit the request; empty if none did.
    """

    number: int
    at: float
    seconds: float | None
    method: str
    path: str
    operation: str
    query: Mapping[str, str]
    body: Any
    user: str
    agent: str
    origin: Mapping[str, str]
    status: int | None
    fault_id: str


@dataclass(frozen=True)
class BegunRun:
    """A run that the platform accepted, even if its flow was deleted later.

    Attributes
    ----------
    run_id : str
        The `log_id` of the flow's log.
    flow_id, flow_name, app_id : str
        The flow, with its name at that time.
    user : str
        The user who started the run.
    variables : mapping
        The run variables, with secrets as ``***``.
    began, ended : float
        In seconds since the epoch; `ended` is 0 while the run is in progress.
    status : str
        ``SUCCESS``, ``FAILED`` or ``STOPPED``; ``DELETED`` if the flow was deleted during the run; empty before the
        end.
    """

    run_id: str
    flow_id: str
    flow_name: str
    app_id: str
    user: str
    variables: Mapping[str, Any]
    began: float
    ended: float
    status: str


class _Order:
    """An active order. As a context manager, it cancels the order at the end of the block."""

    _kind: ClassVar[str]
    _counted: ClassVar[str]

    def __init__(self, control: LocalControl, order_id: str) -> None:
        self._control = control
        self._order_id = order_id

    def cancel(self) -> int:
        """Cancel the order; return how often it took effect."""
        return self._send("DELETE")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()

    def _send(self, method: str) -> int:
        return int(self._control.send(method, f"/{self._kind}/{self._order_id}")[self._counted])


class OrderedFault(_Order):
    """An active fault. As a context manager, it cancels the fault at the end of the block."""

    _kind = "faults"
    _counted = "hits"

    @property
    def fault_id(self) -> str:
        """The fault that a request in the journal names."""
        return self._order_id

    @property
    def hits(self) -> int:
        """Number of requests that the fault has hit so far."""
        return self._send("GET")

    def __repr__(self) -> str:
        return f"OrderedFault(fault_id={self.fault_id!r})"


class OrderedStandIn(_Order):
    """An active stand-in. As a context manager, it cancels the stand-in at the end of the block."""

    _kind = "stand-ins"
    _counted = "uses"

    @property
    def stand_in_id(self) -> str:
        """The id of the stand-in."""
        return self._order_id

    @property
    def uses(self) -> int:
        """Number of facets in runs that it has stood in for so far."""
        return self._send("GET")

    def __repr__(self) -> str:
        return f"OrderedStandIn(stand_in_id={self.stand_in_id!r})"
