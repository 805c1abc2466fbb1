"""The client of the control API. Standard library only."""

from __future__ import annotations

import http.client
import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, NamedTuple, Self
from urllib.parse import quote, urlencode, urlsplit

_TIMEOUT = 60.0
_BETWEEN_LOOKS = 0.02
_PREFIX = "/_local"

RunStatus = Literal["SCHEDULED", "RUNNING", "STOPPING", "STOPPED", "FAILED", "IDLE", "UNKNOWN"]
COLLEAGUE = "colleague@example.com"


class ControlError(RuntimeError):
    """The platform refused an order; the message says why."""


class Stage(NamedTuple):
    """What a flow's status says for a while.

    Parameters
    ----------
    status : str
        ``SCHEDULED``, ``RUNNING``, ``STOPPING``, ``STOPPED``, ``FAILED``, ``IDLE`` or ``UNKNOWN``.
    seconds : float
        How long it says so.
    progress : int, optional
        Percent; by default the share of the running time that is over.
    message : str, default ""
    """

    status: RunStatus
    seconds: float
    progress: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Answered:
    """A request that the platform got, as its journal has it: without credentials, signatures and data.

    Attributes
    ----------
    number : int
        Requests are numbered as they arrive; the number is the answer's header ``x-request-id``.
    at : float
        When it arrived, in seconds since the epoch.
    seconds : float or None
        From its arrival to the end of its answer; None while it is under way.
    method, path : str
    operation : str
        Last segment of the path; ``upload-part`` and ``download`` for signed URLs.
    query : mapping
        Texts by name.
    body : object
        The JSON that was sent, with secrets as ``***``; None where there was none, and for data.
    user : str
        Whose key it had; empty for signed URLs, and where the key was wrong.
    agent : str
        Its user agent.
    status : int or None
        None while it is under way, and where it got no answer.
    fault_id : str
        The fault that hit it; empty if none did.
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
    status: int | None
    fault_id: str


@dataclass(frozen=True)
class BegunRun:
    """A run that the platform accepted, whatever became of its flow.

    Attributes
    ----------
    run_id : str
        The `log_id` of the flow's log.
    flow_id, flow_name, app_id : str
        The flow, with the name that it had.
    user : str
        Who started it.
    variables : mapping
        The run variables that it was started with, with secrets as ``***``.
    began, ended : float
        In seconds since the epoch; `ended` is 0 while it is under way.
    status : str
        ``SUCCESS``, ``FAILED``, ``STOPPED``; ``DELETED`` if its flow was deleted while it was under way; empty before.
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


class OrderedFault:
    """A fault that was ordered. As a context manager it is taken back at the end of the block."""

    def __init__(self, control: LocalControl, fault_id: str) -> None:
        self._control = control
        self.fault_id = fault_id

    @property
    def hits(self) -> int:
        """How many requests it has hit so far."""
        return int(self._control.send("GET", f"/faults/{self.fault_id}")["hits"])

    def cancel(self) -> int:
        """Take it back; return how many requests it has hit."""
        return int(self._control.send("DELETE", f"/faults/{self.fault_id}")["hits"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()

    def __repr__(self) -> str:
        return f"OrderedFault(fault_id={self.fault_id!r})"


class LocalControl:
    """Orders failures, outcomes of runs and test accounts from a local platform.

    Every method is one request. All orders are gone after a restart of the platform.

    Parameters
    ----------
    url : str
        The platform's base URL.
    user_email, api_key : str
        The credentials of the platform's own user: others may not use it.

    Raises
    ------
    ControlError
        By all methods, if the platform refuses what was ordered.
    OSError
        By all methods, if there is no platform.
    """

    def __init__(self, url: str, user_email: str, api_key: str) -> None:
        self._address = urlsplit(url)
        self._url = url
        self._headers = {"user": user_email, "api-key": api_key}

    def fault(
        self,
        operation: str = "*",
        *,
        when: Literal["before", "after"] = "before",
        status: int | None = None,
        body: Any = None,
        retry_after: str | float | None = None,
        delay: float = 0.0,
        cut: bool = False,
        truncate: bool = False,
        user: str | None = None,
        where: Mapping[str, object] | None = None,
        skip: int = 0,
        times: int | None = None,
        probability: float = 1.0,
        seed: int | None = None,
        lasting: float | None = None,
    ) -> OrderedFault:
        """Order that something goes wrong: an error, a cut connection, half an answer, or a delay.

        A request is hit by the oldest fault that is about it.

        Parameters
        ----------
        operation : str, default "*"
            Last segment of the path, such as ``run-pipeline``; ``upload-part`` and ``download`` are the signed URLs,
            and ``*`` is all.
        when : {"before", "after"}, default "before"
            Whether the platform has done what it was asked for when it goes wrong.
        status : int, optional
            Answer with this status, and with `body` (JSON, or text that is no JSON) and `retry_after` if given.
        body : object, optional
            By default a message like that of other errors.
        retry_after : str or float, optional
            The header ``Retry-After``.
        delay : float, default 0
            Seconds to wait, before all else or before the answer; alone it is a slow answer.
        cut : bool, default False
            End the connection without an answer.
        truncate : bool, default False
            End the connection in the middle of the answer.
        user : str, optional
            Only requests of this user. Signed URLs have none.
        where : mapping, optional
            Only requests that have these values in their query, anywhere in their body, or in a signed URL's path
            (``upload_id`` and ``number``; ``dataset_id``).
        skip : int, default 0
            Leave so many requests alone first.
        times : int, optional
            How many requests it hits; by default one, and all where `probability` or `lasting` is given.
        probability : float, default 1
            How likely it hits a request.
        seed : int, optional
            Makes chance the same each time.
        lasting : float, optional
            Seconds after which it is over.

        Returns
        -------
        OrderedFault
            Knows how often it has hit, and takes it back.
        """
        wanted = {
            "operation": operation,
            "when": when,
            "status": status,
            "body": body,
            "retry_after": retry_after,
            "delay": delay,
            "cut": cut,
            "truncate": truncate,
            "user": user,
            "where": {name: _as_sent(value) for name, value in (where or {}).items()},
            "skip": skip,
            "times": times,
            "probability": probability,
            "seed": seed,
            "lasting": lasting,
        }
        return OrderedFault(self, self.send("POST", "/faults", wanted)["fault_id"])

    def outcome(
        self,
        flow: str = "*",
        *,
        status: Literal["SUCCESS", "FAILED", "STOPPED"] = "SUCCESS",
        message: str = "",
        facet: str = "",
        duration: float | None = None,
        sequence: Iterable[Stage | tuple[RunStatus, float]] = (),
        log_delay: float = 0.0,
        engine: bool = False,
        writes: bool = False,
        times: int | None = None,
    ) -> None:
        """Order how runs go that start from now on.

        Such a run takes neither a worker nor CPU time, however long it lasts, unless `engine` is set, and writes no
        data, unless `engine` or `writes` is. Orders with `times` come first, in their order; then the newest without.

        Parameters
        ----------
        flow : str, default "*"
            Name or id of a flow, or ``*`` for all.
        status : {"SUCCESS", "FAILED", "STOPPED"}, default "SUCCESS"
            How the run ends.
        message : str, optional
            What the log says, by default something for a failure and nothing for a success.
        facet : str, optional
            Name or id of the facet that failed.
        duration : float, default 0
            Seconds for which it runs; at 0 it is over before its start is answered.
        sequence : iterable of Stage or (str, float)
            What the flow's status says, one after another, in place of `duration`: ``[("IDLE", 2), ("RUNNING", 5),
            ("SCHEDULED", 1), ("UNKNOWN", 1), ("RUNNING", 3)]``.
        log_delay : float, default 0
            Seconds for which the log lags behind the end.
        engine : bool, default False
            Really run the flow, for as long as it takes but no shorter than ordered; the status says what is ordered.
        writes : bool, default False
            Write the datasets that the flow exports, as the run's variables name them: one row each, with the run's id
            and its variables.
        times : int, optional
            For how many runs this holds; by default for all.
        """
        order = _outcome(flow, status, message, facet, duration, sequence, log_delay)
        self.send("POST", "/outcomes", order | {"engine": engine, "writes": writes, "times": times})

    def busy(
        self,
        flow: str,
        *,
        duration: float,
        user: str = COLLEAGUE,
        status: Literal["SUCCESS", "FAILED", "STOPPED"] = "SUCCESS",
        message: str = "",
        log_delay: float = 0.0,
    ) -> None:
        """Start a run of a flow now, as somebody else.

        Parameters
        ----------
        flow : str
            Its id, or its name if no other flow has it.
        duration : float
            Seconds for which it runs.
        user : str, default "colleague@example.com"
            Who the log says has started it.
        status, message, log_delay
            As for `outcome`.
        """
        outcome = _outcome(flow, status, message, "", duration, (), log_delay)
        self.send("POST", "/runs", {"user": user, "outcome": outcome})

    def finish(
        self,
        flow: str,
        *,
        status: Literal["SUCCESS", "FAILED", "STOPPED"] = "SUCCESS",
        message: str = "",
        facet: str = "",
    ) -> None:
        """End a flow's run that was ordered, by `outcome` or `busy`, before its time.

        Parameters
        ----------
        flow : str
            Its id, or its name if no other flow has it.
        status, message, facet
            As for `outcome`.
        """
        self.send("POST", "/runs/finish", {"flow": flow, "status": status, "message": message, "facet": facet})

    def runs(self, user: str | None = None) -> list[BegunRun]:
        """Return all runs that ever began, oldest first: also those of flows and apps that are deleted by now.

        They outlive restarts of the platform, and are forgotten with the user who started them.

        Parameters
        ----------
        user : str, optional
            Only those that this user started.
        """
        query = "" if user is None else "?" + urlencode({"user": user})
        return [BegunRun(**run) for run in self.send("GET", f"/runs{query}")["runs"]]

    def journal(self, operation: str | None = None, *, user: str | None = None, after: int = 0) -> list[Answered]:
        """Return the last requests, oldest first: some thousands at most.

        Parameters
        ----------
        operation : str, optional
            Only those for this operation.
        user : str, optional
            Only those of this user.
        after : int, default 0
            Only those with a larger number.
        """
        wanted = {"operation": operation, "user": user, "after": after}
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return [Answered(**request) for request in self.send("GET", f"/journal?{query}")["requests"]]

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self.send("DELETE", "/journal")

    def wait_for_request(
        self, operation: str, count: int = 1, *, user: str | None = None, timeout: float = 30.0
    ) -> list[Answered]:
        """Wait until requests for an operation have been dealt with, and return all of them, oldest first.

        Parameters
        ----------
        operation : str
        count : int, default 1
            How many requests since the journal was cleared.
        user : str, optional
            Only those of this user.
        timeout : float, default 30
            Seconds.

        Raises
        ------
        TimeoutError
            If they do not come in time.
        """
        deadline = time.monotonic() + timeout
        while True:
            found = [request for request in self.journal(operation, user=user) if request.seconds is not None]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} requests for {operation} in {timeout:g} s")
            time.sleep(_BETWEEN_LOOKS)

    def seed(
        self, app: str, csv: Mapping[str, str | Path | bytes] | str | Path, *, user: str | None = None
    ) -> dict[str, str]:
        """Make datasets of CSV files, in an app that is made if it is not there.

        Parameters
        ----------
        app : str
            Name of the app.
        csv : mapping, str or Path
            Files, or texts as bytes, by the names of the datasets; or a folder, each of whose ``*.csv`` becomes the
            dataset of its name. Datasets that are there get new data.
        user : str, optional
            Whose app it is; by default the platform's own user's.

        Returns
        -------
        dict of str to str
            The datasets' ids by name.
        """
        files = {path.stem: path for path in sorted(Path(csv).glob("*.csv"))} if isinstance(csv, str | Path) else csv
        return {name: self._seed(app, name, content, user) for name, content in files.items()}

    def request_counts(self) -> dict[str, dict[str, int]]:
        """Return how often what was asked for (``GET /component/get-dataset``), by user agent."""
        counts: dict[str, dict[str, int]] = self.send("GET", "/requests")["by_agent"]
        return counts

    def reset_request_counts(self) -> None:
        """Begin to count requests from nothing."""
        self.send("POST", "/requests/reset")

    def add_user(self, user_email: str) -> str:
        """Add a user, who begins with the tutorial as everybody does, and return their key."""
        return str(self.send("POST", "/users", {"user_email": user_email})["api_key"])

    def rotate_key(self, user_email: str, api_key: str | None = None) -> str:
        """Give a user another key, or the one that is wanted, and return it; the one before is refused from now on."""
        path = f"/users/{quote(user_email, safe='')}/key"
        return str(self.send("POST", path, {"api_key": api_key})["api_key"])

    def remove_user(self, user_email: str) -> None:
        """Remove a user with their apps and custom facets; their runs end."""
        self.send("DELETE", f"/users/{quote(user_email, safe='')}")

    def reset(self, *, data: bool = False) -> None:
        """Take all orders back and clear the journal; runs that were ordered and are under way fail.

        Parameters
        ----------
        data : bool, default False
            Delete all apps and custom facets of all users, too.
        """
        self.send("POST", "/reset", {"data": data})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the control API, and return what it answers.

        Parameters
        ----------
        method, path : str
            The path begins after ``/_local``.
        body : object, optional
            JSON.
        """
        return self._exchange(method, path, None if body is None else json.dumps(body).encode(), "application/json")

    def _seed(self, app: str, dataset: str, content: str | Path | bytes, user: str | None) -> str:
        query = {"app": app, "dataset": dataset, **({} if user is None else {"user": user})}
        with io.BytesIO(content) if isinstance(content, bytes) else Path(content).open("rb") as data:
            return str(self._exchange("PUT", f"/datasets?{urlencode(query)}", data, "text/csv")["dataset_id"])

    def _exchange(self, method: str, path: str, content: bytes | BinaryIO | None, content_type: str) -> Any:
        secure = self._address.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self._address.hostname or "", self._address.port, timeout=_TIMEOUT)
        try:
            headers = {**self._headers, "Content-Type": content_type}
            connection.request(method, self._address.path.rstrip("/") + _PREFIX + path, content, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise ControlError(_message(said) or f"{method} {_PREFIX}{path} was answered with {answer.status}")
        return json.loads(said)

    def __repr__(self) -> str:
        return f"LocalControl(url={self._url!r})"


def _outcome(
    flow: str,
    status: str,
    message: str,
    facet: str,
    duration: float | None,
    sequence: Iterable[Stage | tuple[RunStatus, float]],
    log_delay: float,
) -> dict[str, Any]:
    return {
        "flow": flow,
        "status": status,
        "message": message,
        "facet": facet,
        "duration": duration,
        "sequence": [Stage(*stage)._asdict() for stage in sequence],
        "log_delay": log_delay,
    }


def _as_sent(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _message(said: bytes) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return ""
