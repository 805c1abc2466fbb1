"""A proxy in front of a platform, in a process of its own, that lets requests go wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from tests.ikigai_core.helper_processes import Helper

KINDS = ("unavailable", "throttled", "reset", "lost", "truncated", "slow")
STARTS = ("run-pipeline", "create-pipeline")
_SECONDS = 30.0
# Whatever proxy the machine has for other addresses.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Late:
    """A request that is delivered long after its sender was hung up on.

    Attributes
    ----------
    operation : str
    seconds : float
        How late.
    body : str
        What it said.
    status : int or None
        What the platform answered to nobody: None before it is delivered, 0 if the platform died on it.
    """

    operation: str
    seconds: float
    body: str
    status: int | None


class _Interpreter:
    """The proxy's process as one that is started by itself."""

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [sys.executable, "-I", str(Path(__file__).with_name("proxy_server.py")), *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class FaultingProxy:
    """A running proxy; a context manager that ends it. It ends with the process that started it, too.

    Nothing goes wrong before `faults` or `hold` is called. Signed URLs that the platform makes for a request that came
    through the proxy lead through the proxy.

    Parameters
    ----------
    upstream : str
        Base URL of the platform.
    seed : str
        Decides what goes wrong.
    start : callable, optional
        Starts a program of the tests with arguments, as `Helpers.start` does. Default: in an interpreter of its own.

    Attributes
    ----------
    url : str
        Base URL for clients.
    pid : int
        Its process id.
    """

    def __init__(
        self,
        upstream: str,
        *,
        seed: str = os.environ["IKIGAI_TEST_SEED"],
        start: Callable[[str, Sequence[str]], Helper] | None = None,
    ) -> None:
        self._server = start("proxy_server", [upstream, seed]) if start else _Interpreter([upstream, seed])
        self.url = self._server.says()
        assert self.url, "the proxy did not start"

    @property
    def pid(self) -> int:
        return self._server.process.pid

    def environ(self, credentials: Any) -> dict[str, str]:
        """The environment variables with which clients reach a platform or account through the proxy."""
        environment: Mapping[str, str] = credentials.environ()
        return {**environment, "IKIGAI_BASE_URL": self.url}

    def faults(
        self,
        share: float = 0.1,
        *,
        kinds: Iterable[str] = KINDS,
        operations: Iterable[str] = (),
        slow: float = 2.0,
        late: float = 0.0,
        late_seconds: tuple[float, float] = (5.0, 30.0),
        late_operations: Iterable[str] = STARTS,
        hang_up: float = 0.0,
    ) -> None:
        """Let requests go wrong from now on, in place of what was ordered before.

        Parameters
        ----------
        share : float, default 0.1
            How many of the requests.
        kinds : iterable of str
            `KINDS`, equally often: 503; 429 with Retry-After of 1 s; reset before it is forwarded; carried out, but no
            answer; half an answer; an answer that is up to `slow` seconds slow.
        operations : iterable of str
            Last segments of paths; by default all.
        late : float, default 0
            Share of the `late_operations` that are held back for `late_seconds`, from to, while their sender is hung
            up on, and are delivered all the same.
        hang_up : float, default 0
            Seconds for which the sender of a late request is kept waiting.
        """
        assert set(kinds) <= set(KINDS)
        self._send(
            share=share,
            kinds=list(kinds),
            operations=list(operations),
            slow=slow,
            late_share=late,
            late_seconds=late_seconds,
            late_operations=list(late_operations),
            late_hang_up=hang_up,
        )

    def heal(self) -> None:
        """Let nothing go wrong from now on; late requests are still delivered."""
        self._send(share=0.0, late_share=0.0, held=[])

    def hold(self, operation: str = "run-pipeline", *, seconds: float, times: int = 1, hang_up: float = 0.0) -> None:
        """Deliver the next requests for an operation so many seconds late; hang up on their senders meanwhile."""
        self._send(hold=[{"operation": operation, "seconds": seconds, "times": times, "hang_up": hang_up}])

    def deliver(self) -> list[Late]:
        """Deliver at once what is held back; wait for it, and return all late requests."""
        self._send(deliver=True)
        return self.await_delivery()

    def late(self) -> list[Late]:
        """The requests that were, or are to be, delivered late, oldest first."""
        return [Late(**one) for one in self._send()["late"]]

    def await_delivery(self, count: int | None = None, seconds: float = 60.0) -> list[Late]:
        """Wait until so many late requests, by default all that there are, were delivered; return these."""
        deadline = time.monotonic() + seconds
        while True:
            late = self.late()
            delivered = [one for one in late if one.status is not None]
            if len(delivered) >= (len(late) if count is None else count):
                return delivered
            assert time.monotonic() < deadline, f"{len(delivered)} of {len(late)} late requests in {seconds} s"
            time.sleep(0.05)

    def counts(self) -> dict[str, int]:
        """How many ``requests`` came, how many went wrong by kind, ``late`` ones and those while all was ``away``."""
        counts: dict[str, int] = self._send()["counts"]
        return counts

    def stop(self) -> None:
        """End it."""
        self._server.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _send(self, **order: float | Sequence[Any]) -> Any:
        body = json.dumps(order).encode() if order else None
        with _DIRECT.open(f"{self.url}/_chaos", body, timeout=_SECONDS) as answer:
            return json.load(answer)
