"""The check of an uploaded file, which writes the verdict.

It runs in its own process: foreign tables can take much time and memory, which must not stop the API.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import duckdb

from ikigai_core.local.engine.examination import Verdict, examine
from ikigai_core.local.engine.instances import make_ready
from ikigai_core.local.jobs.check_limits import CheckLimits

before_fork = make_ready


def main(arguments: Sequence[str]) -> int:
    """Write the columns of a CSV file, or the reason why it is not a table.

    Parameters
    ----------
    arguments : sequence of str
        Paths of the file and of the result, and the limits of the check.
    """
    csv, result = (Path(argument) for argument in arguments[:2])
    limits = CheckLimits.read(arguments[2:])
    limits.impose()
    try:
        verdict = examine(csv)
    except (MemoryError, duckdb.OutOfMemoryException):
        verdict = Verdict(limits.too_large)
    draft = result.with_suffix(".new")
    draft.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
    draft.replace(result)
    return 0
