"""A progress bar for people who wait at a terminal or in a notebook."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ikigai_core.run_records import FlowStatusReport
from ikigai_core.runs.reports import OnUpdate


@contextmanager
def progress_bar(title: str) -> Generator[OnUpdate]:
    """Show a bar from 0 to 100 % on stderr, where that is a terminal; yields what to tell it."""
    from tqdm.auto import tqdm

    with tqdm(total=100, desc=title, unit="%", dynamic_ncols=True, disable=None) as bar:

        def update(report: FlowStatusReport) -> None:
            bar.set_postfix_str(report.status.value, refresh=False)
            bar.update(max((report.progress or 0) - bar.n, 0))

        yield update
