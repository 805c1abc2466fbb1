"""What an upload's early check and the platform tell each other in the job's folder."""

from __future__ import annotations

from pathlib import Path

ARRIVALS = "arrivals"
"""The FIFO in the job's folder that tells which parts have arrived: their numbers, each of `NUMBER_BYTES`."""

NUMBER_BYTES = 4

NO_MORE = 0
"""Sent instead of a part's number: the check is no longer needed."""


def part_path(folder: Path, number: int) -> Path:
    """Return the path of a part in the job's folder."""
    return folder / f"part-{number}"
