"""How far a transfer is: told to one callback, or drawn as a bar where somebody is looking."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ikigai_core.callbacks import ON_PROGRESS, not_awaitable

_INTERVAL = 0.1
"""Seconds between two reports at least."""


@dataclass(frozen=True)
class Progress:
    """How far a transfer is.

    Attributes
    ----------
    what : str
        Such as ``upload of 'flights'``.
    done, total : int
        Bytes. What has to be sent again is counted once. The total is 0 until it is known.
    """

    what: str
    done: int
    total: int


OnProgress = Callable[[Progress], None] | bool | None
"""A callback; False for silence; None or True for a bar, with None in a terminal or notebook only."""


class Meter:
    """Counts a transfer's bytes, from several threads, and reports them now and then.

    Parameters
    ----------
    what : str
    report : callable, optional
        Is called from whichever thread moves the bytes, one call at a time; the last call has ``done == total``.
    """

    def __init__(self, what: str, report: Callable[[Progress], None] | None = None) -> None:
        self._what = what
        self._report = report
        self._done = 0
        self._total = 0
        self._told = 0.0
        self._lock = threading.Lock()

    def begin(self, total: int) -> None:
        """Set the size, in bytes, of what is moved, and begin at 0."""
        with self._lock:
            self._total, self._done = total, 0
            self._tell()

    def add(self, size: int) -> None:
        """Count bytes that were moved; a negative size takes back those that have to be moved again."""
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
    """A meter that reports as asked; a bar is removed at the end.

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
