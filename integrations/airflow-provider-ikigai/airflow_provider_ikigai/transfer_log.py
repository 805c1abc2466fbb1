"""Logs the progress of transfers every few seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk.types import Logger

    from ikigai_core.transfer.progress import Progress


class TransferLog:
    """Logs the progress of a transfer every few seconds.

    Parameters
    ----------
    log : Logger
        The task's.
    interval : float, default 10
        Minimum number of seconds between two lines.
    """

    def __init__(self, log: Logger, *, interval: float = 10.0) -> None:
        self._log = log
        self._interval = interval
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Log the progress of a transfer if the last line is old enough."""
        now = time.monotonic()
        if now - self._told >= self._interval:
            self._told = now
            percent = f" ({100 * progress.done // progress.total} %)" if progress.total else ""
            self._log.info("%s: %.1f MB%s", progress.what.capitalize(), progress.done / 1e6, percent)
