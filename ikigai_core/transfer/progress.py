"""Progress of a transfer, reported to one callback or shown as a bar."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ikigai_core.callbacks import ON_PROGRESS, not_awaitable

_INTERVAL = 0.1
"""Minimum number of seconds between two reports."""


@dataclass(frozen=True)
class Progress:
    """Progress of a transfer.

    Attributes
    ----------
    what : str
        For example ``upload of 'flights'``.
    done, total : int
        Bytes. Bytes that are sent again count once. The total is 0 until it is known.
    """

    what: str
    done: int
    total: int


OnProgress = Callable[[Progress], None] | bool | None
"""A callback; False for no report; None or True for a bar, with None in a terminal or notebook only."""


class Meter:
    """Counts a transfer's bytes from several threads, and reports them at intervals.

    Parameters
    ----------
    what : str
    report : callable, optional
        Called from the threads that transfer the bytes, one call at a time. The last call has ``done == total``.
    """

    def __init__(self, what: str, report: Callable[[Progress], None] | None = None) -> None:
        self._what = what
        self._report = report
        self._done = 0
        self._total = 0
        self._told = 0.0
        self._lock = threading.Lock()

    def begin(self, total: int) -> None:
        """Set the total size in bytes, and start at 0."""
        with self._lock:
            self._total, self._done = total, 0
            self._tell()

    def add(self, size: int) -> None:
        """Count transferred bytes. A negative size removes bytes that must be transferred again."""
        if self._report is None:
            return
        with self._lock:
            self._done += size
            now = time.monotonic()
            if now - self._told >= _INTERVAL or self._done == self._total:
                self._told = now
                self._tell()

    def _tell(self) -> None:
        if self._report is not None:
            not_awaitable(self._report(Progress(self._what, self._done, self._total)), ON_PROGRESS)


@contextmanager
def metered(what: str, on_progress: OnProgress) -> Iterator[Meter]:
    """A meter with the requested reports. A bar is removed at the end.

    Parameters
    ----------
    what : str
    on_progress : callable, bool, optional
    """
    if callable(on_progress):
        yield Meter(what, on_progress)
    elif on_progress is False or (on_progress is None and not _is_watched()):
        yield Meter(what)
    else:
        with _bar(what) as report:
            yield Meter(what, report)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[Progress], None]]:
    from tqdm.auto import tqdm

    bar = tqdm(desc=what, unit="B", unit_scale=True, unit_divisor=1000, leave=False)

    def report(progress: Progress) -> None:
        if bar.total != progress.total:
            bar.total = progress.total
        bar.update(progress.done - bar.n)

    try:
        yield report
    finally:
        bar.close()


def _is_watched() -> bool:
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
