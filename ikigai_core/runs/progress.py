"""A progress bar for people in a terminal or notebook."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from ikigai_core.run_records import FlowStatusReport
from ikigai_core.runs.reports import OnUpdate

_TICK = 1.0
# Without a remaining time: the progress of a run says little about its end.
_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"


@contextmanager
def progress_bar(title: str) -> Generator[OnUpdate]:
    """Show a bar from 0 to 100 % on stderr if that is a terminal. Yields the function that updates it."""
    from tqdm.auto import tqdm

    with tqdm(total=100, desc=title, bar_format=_FORMAT, dynamic_ncols=True, disable=None) as bar, _ticking(bar):

        def update(report: FlowStatusReport) -> None:
            bar.set_postfix_str(report.status.value, refresh=False)
            bar.update(max((report.progress or 0) - bar.n, 0))

        yield update


@contextmanager
def _ticking(bar: Any) -> Generator[None]:
    """Keep the clock of a bar moving between updates."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(_TICK):
            bar.refresh()

    if bar.disable:
        yield
        return
    thread = threading.Thread(target=tick, name="ikigai-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
