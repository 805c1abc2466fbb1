"""A progress bar for people in a terminal or notebook."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ikigai_core.run_records import FlowStatusReport
from ikigai_core.runs.reports import OnUpdate


@contextmanager
def progress_bar(title: str) -> Generator[OnUpdate]:
    """Show a bar from 0 to 100 % on stderr if that is a terminal. Yields the function that updates it."""
    from tqdm.auto import tqdm

    with tqdm(total=100, desc=title, unit="%", dynamic_ncols=True, disable=None) as bar:

        def update(report: FlowStatusReport) -> None:
            bar.set_postfix_str(report.status.value, refresh=False)
            bar.update(max((report.progress or 0) - bar.n, 0))

        yield update
