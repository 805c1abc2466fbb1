"""What an upload's early check and the platform tell each other in the job's folder."""

from __future__ import annotations

ARRIVALS = "arrivals"
"""The FIFO in the job's folder that tells which parts have arrived: their numbers, each of `NUMBER_BYTES`."""

NUMBER_BYTES = 4

NO_MORE = 0
"""Sent instead of a part's number: the check is no longer needed."""

ARRIVING = "arriving.csv"
"""The file in the job's folder with the parts that have arrived, each in its place."""
