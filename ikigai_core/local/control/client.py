"""Client of the control API. It needs only the standard library, except for tables that are not CSV."""

from __future__ import annotations

import http.client
import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Literal
from urllib.parse import quote, urlencode, urlsplit

from ikigai_core.local.control.records import (
    Answered,
    BegunRun,
    ControlError,
    OrderedFault,
    OrderedStandIn,
    RunStatus,
    Stage,
)
from ikigai_core.local.control.sources import Prepared, Source, prepare

_TIMEOUT = 60.0
_BETWEEN_LOOKS = 0.02
_PREFIX = "/_local"

COLLEAGUE = "colleague@example.com"


class LocalControl:
    """Client of the control API: orders failures, run outcomes and test accounts.

    A restart of the platform clears all orders.

    Parameters
    ----------
    url : str
        Base URL of the platform.
    user_email, api_key : str
        Credentials of the platform's own user. The control API refuses other users.

    Raises
    ------
    ControlError
        From all methods, if the platform refuses the order.
    OSError
        From all methods, if the platform cannot be reached.
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
        """Order a fault: an error, a cut connection, half an answer, or a delay.

        If several faults match a request, the oldest one hits it.

        Parameters
        ----------
        operation : str, default "*"
            Last segment of the path, such as ``run-pipeline``; ``upload-part`` and ``download`` for signed URLs; ``*``
            for all operations.
        when : {"before", "after"}, default "before"
            Whether the fault happens before or after the platform executes the request.
        status : int, optional
            Answer with this status, and with `body` (JSON, or plain text) and `retry_after` if given.
        body : object, optional
            Default: a message in the format of other errors.
        retry_after : str or float, optional
            Value of the header ``Retry-After``.
        delay : float, default 0
            Seconds to wait before the request is executed, or before the answer if `when` is ``"after"``. A delay alone
            makes a slow answer.
        cut : bool, default False
            Close the connection without an answer.
        truncate : bool, default False
            Close the connection in the middle of the answer.
        user : str, optional
            Hit only requests of this user. Requests to signed URLs have no user.
        where : mapping, optional
            Hit only requests with these values in their query, anywhere in their body, or in the path of a signed URL
            (``upload_id`` and ``number``; ``dataset_id``).
        skip : int, default 0
            Number of matching requests to let through first.
        times : int, optional
            Number of requests to hit. Default: one; all if `probability` or `lasting` is given.
        probability : float, default 1
            Chance that a matching request is hit.
        seed : int, optional
            Seed for the chance, for repeatable results.
        lasting : float, optional
            Seconds until the fault expires.

        Returns
        -------
        OrderedFault
            Reports its hits and can be cancelled.
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
        """Order the outcome of runs that start from now on.

        Without `engine`, such a run needs neither a worker nor CPU time, however long it lasts. It writes no data
        unless `engine` or `writes` is set. Orders with `times` apply first, oldest first, then the newest without it.

        Parameters
        ----------
        flow : str, default "*"
            Name or id of a flow; ``*`` for all flows.
        status : {"SUCCESS", "FAILED", "STOPPED"}, default "SUCCESS"
            Status at the end of the run.
        message : str, optional
            Message in the log. Default: a standard text for a failure, empty for a success.
        facet : str, optional
            Name or id of the facet that failed.
        duration : float, default 0
            Seconds that the run lasts. With 0, it ends before its start is answered.
        sequence : iterable of Stage or (str, float)
            Successive statuses of the flow, instead of `duration`: ``[("IDLE", 2), ("RUNNING", 5), ("SCHEDULED", 1),
            ("UNKNOWN", 1), ("RUNNING", 3)]``.
        log_delay : float, default 0
            Seconds between the end of the run and its log entry.
        engine : bool, default False
            Really run the flow. The run takes at least the ordered time, and reports the ordered statuses during it.
        writes : bool, default False
            Write the datasets that the flow exports. The run's variables apply to their names. Each gets one row:
            the run's id and its variables.
        times : int, optional
            Number of runs that this applies to. Default: all.
        """
        order = _outcome(flow, status, message, facet, duration, sequence, log_delay)
        self.send("POST", "/outcomes", order | {"engine": engine, "writes": writes, "times": times})

    def stand_in(
        self,
        facet: str,
        gives: Source | Mapping[str, Source] | None,
        *,
        flow: str = "*",
        user: str | None = None,
    ) -> OrderedStandIn:
        """Set the output of a facet in all runs that start from now on.

        A stand-in wins over the engine, and one for a facet's name over one for its type. Of two for the same, the
        newer one wins.

        Parameters
        ----------
        facet : str
            Name of the facet, or a facet type such as ``MID.EDA``.
        gives : str, Path, bytes, frame, function, mapping or None
            A table: the path of a CSV or Parquet file, the bytes of a CSV file, a pandas frame, or any object with the
            Arrow stream interface. Or a function, which takes the facet's inputs as frames, and its arguments as a
            dict if it has a parameter ``arguments``, and returns a frame. ``"file.py:name"`` is a function in a file.
            A mapping has one of these for each output of the facet, by ``output_type``. With None, the facet does
            nothing: for facets of the chain group OUTPUT, which give no table.
        flow : str, default "*"
            Name or id of a flow; ``*`` for all flows.
        user : str, optional
            Only runs that this user starts.

        Returns
        -------
        OrderedStandIn
            Reports its uses and can be cancelled.

        Raises
        ------
        ValueError, TypeError
            It is neither a table nor a function, or the function uses something that only its own process has.
        FileNotFoundError
            There is no such file.
        """
        sources = {output: self._source(prepared) for output, prepared in prepare(gives).items()}
        order = {"facet": facet, "flow": flow, "user": user, "sources": sources}
        return OrderedStandIn(self, self.send("POST", "/stand-ins", order)["stand_in_id"])

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
        """Start a run of a flow now, as another user.

        Parameters
        ----------
        flow : str
            Its id, or its name if the name is unique.
        duration : float
            Seconds that the run lasts.
        user : str, default "colleague@example.com"
            The user in the log.
        status, message, log_delay
            As in `outcome`.
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
        """End a flow's run early. `outcome` or `busy` must have ordered it.

        Parameters
        ----------
        flow : str
            Its id, or its name if the name is unique.
        status, message, facet
            As in `outcome`.
        """
        self.send("POST", "/runs/finish", {"flow": flow, "status": status, "message": message, "facet": facet})

    def runs(self, user: str | None = None) -> list[BegunRun]:
        """Return all runs ever started, oldest first, including those of deleted flows and apps.

        The list survives restarts of the platform. Removing a user also removes the user's runs.

        Parameters
        ----------
        user : str, optional
            Only runs that this user started.
        """
        query = "" if user is None else "?" + urlencode({"user": user})
        return [BegunRun(**run) for run in self.send("GET", f"/runs{query}")["runs"]]

    def journal(self, operation: str | None = None, *, user: str | None = None, after: int = 0) -> list[Answered]:
        """Return the latest requests, oldest first: some thousands at most.

        Parameters
        ----------
        operation : str, optional
            Only requests for this operation.
        user : str, optional
            Only requests of this user.
        after : int, default 0
            Only requests with a larger number.
        """
        wanted = {"operation": operation, "user": user, "after": after}
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return [Answered(**request) for request in self.send("GET", f"/journal?{query}")["requests"]]

    def clear_journal(self) -> None:
        """Clear the journal."""
        self.send("DELETE", "/journal")

    def wait_for_request(
        self, operation: str, count: int = 1, *, user: str | None = None, timeout: float = 30.0
    ) -> list[Answered]:
        """Wait until requests for an operation are finished; return all of them, oldest first.

        Parameters
        ----------
        operation : str
        count : int, default 1
            Number of requests to wait for, counted since the journal was cleared.
        user : str, optional
            Only requests of this user.
        timeout : float, default 30
            Seconds.

        Raises
        ------
        TimeoutError
            If the requests do not arrive in time.
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
        """Create datasets from CSV files. Create the app if it does not exist.

        Parameters
        ----------
        app : str
            Name of the app.
        csv : mapping, str or Path
            Paths, or contents as bytes, by dataset name; or a folder: each ``*.csv`` in it becomes a dataset with the
            file's name. Existing datasets get new data.
        user : str, optional
            Owner of the app. Default: the platform's own user.

        Returns
        -------
        dict of str to str
            Dataset ids by name.
        """
        files = {path.stem: path for path in sorted(Path(csv).glob("*.csv"))} if isinstance(csv, str | Path) else csv
        return {name: self._seed(app, name, content, user) for name, content in files.items()}

    def request_counts(self) -> dict[str, dict[str, int]]:
        """Return the number of requests per user agent and endpoint (``GET /component/get-dataset``)."""
        counts: dict[str, dict[str, int]] = self.send("GET", "/requests")["by_agent"]
        return counts

    def reset_request_counts(self) -> None:
        """Set all request counts to zero."""
        self.send("POST", "/requests/reset")

    def add_user(self, user_email: str) -> str:
        """Add a user with the usual tutorial app; return the user's key."""
        return str(self.send("POST", "/users", {"user_email": user_email})["api_key"])

    def rotate_key(self, user_email: str, api_key: str | None = None) -> str:
        """Replace a user's key with `api_key` or a new random one; return it. The old key stops working."""
        path = f"/users/{quote(user_email, safe='')}/key"
        return str(self.send("POST", path, {"api_key": api_key})["api_key"])

    def remove_user(self, user_email: str) -> None:
        """Remove a user with all apps and custom facets of the user. Their runs end."""
        self.send("DELETE", f"/users/{quote(user_email, safe='')}")

    def reset(self, *, data: bool = False) -> None:
        """Cancel all orders and clear the journal. Ordered runs in progress fail.

        Parameters
        ----------
        data : bool, default False
            Also delete all apps and custom facets of all users.
        """
        self.send("POST", "/reset", {"data": data})

    def send_table(self, path: Path) -> str:
        """Send a CSV file, and return the name by which orders refer to it."""
        with path.open("rb") as data:
            return str(self._exchange("PUT", "/tables", data, "text/csv")["table"])

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the control API; return its answer.

        Parameters
        ----------
        method, path : str
            The path without the prefix ``/_local``.
        body : object, optional
            JSON.
        """
        return self._exchange(method, path, None if body is None else json.dumps(body).encode(), "application/json")

    def _source(self, prepared: Prepared) -> dict[str, Any]:
        if prepared.function is not None:
            return {"label": prepared.label, **asdict(prepared.function)}
        with TemporaryDirectory(prefix="ikigai-") as folder:
            path = Path(folder) / "table.csv"
            prepared.write(path)
            return {"label": prepared.label, "table": self.send_table(path)}

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
