"""Procedures: several calls and pauses in an order, written once and driven by a sync and an async driver.

A procedure is a generator that yields steps and is told their answers. It does no I/O. What a step raises is raised
inside the procedure, at its ``yield``: it may handle it, clean up with further steps, or let it pass to the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ikigai_core.api.call import Call

if TYPE_CHECKING:
    from ikigai_core.transfer.progress import Meter
    from ikigai_core.transfer.ranges import DownloadTarget

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class Pause:
    """Wait; the answer is the time, in seconds, on a clock that only goes forward."""

    seconds: float


@dataclass(frozen=True)
class BlockingCall:
    """Do something that may block (files, conversions) or that belongs to the caller; the answer is what it returns.

    The async driver awaits coroutine functions and runs everything else in a thread; it awaits whatever awaitable that
    returns. The sync driver refuses an awaitable.
    """

    function: Callable[[], Any | Awaitable[Any]]


@dataclass(frozen=True)
class SendParts:
    """Put a file's parts to signed URLs, side by side; the answer maps part numbers to ETags.

    Parts whose ETags are in `done` have arrived already. `on_part` is told each part that has arrived, and its ETag; it
    may block, and may be called by several threads.
    """

    path: Path
    urls: Mapping[int, str] = field(repr=False)
    content_type: str
    meter: Meter
    done: Mapping[int, str] = field(default_factory=dict)
    on_part: Callable[[int, str], None] | None = None


@dataclass(frozen=True)
class Fetch:
    """Stream a signed URL's content into a file, in ranges where the server has them."""

    url: str = field(repr=False)
    target: DownloadTarget


Step = Call[Any] | Pause | BlockingCall | SendParts | Fetch
Procedure = Generator[Step, Any, R]


def send(call: Call[A]) -> Procedure[A]:
    """Send a call and return its answer, typed."""
    answer: A = yield call
    return answer


def send_once(call: Call[A]) -> Procedure[A]:
    """Send a call without the transport's own retries: for those who come back anyway."""
    answer: A = yield replace(call, retried=False)
    return answer


def pause(seconds: float) -> Procedure[float]:
    """Wait, and return the time afterwards (seconds, monotonic)."""
    now: float = yield Pause(seconds)
    return now


def call_blocking(function: Callable[[], A]) -> Procedure[A]:
    """Do something that may block and return what it returns."""
    result: A = yield BlockingCall(function)
    return result


def send_parts(
    path: Path,
    urls: Mapping[int, str],
    content_type: str,
    meter: Meter,
    done: Mapping[int, str] | None = None,
    on_part: Callable[[int, str], None] | None = None,
) -> Procedure[dict[int, str]]:
    """Upload a file's parts, as far as they are not `done`, and return the ETags of all by part number."""
    etags: dict[int, str] = yield SendParts(path, urls, content_type, meter, done or {}, on_part)
    return etags


def fetch(url: str, target: DownloadTarget) -> Procedure[None]:
    """Download what is missing in a file."""
    yield Fetch(url, target)
