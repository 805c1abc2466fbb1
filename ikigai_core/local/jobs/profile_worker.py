"""Computes the profile of a dataset, in a process of its own with the lowest priority."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from ikigai_core.local.engine.instances import make_ready
from ikigai_core.local.engine.profile import profile
from ikigai_core.local.jobs.check_limits import CheckLimits

before_fork = make_ready

_LAST = 19


def main(arguments: Sequence[str]) -> int:
    """Write the profile of a CSV file.

    Parameters
    ----------
    arguments : sequence of str
        Paths of the file, of its columns' types, and of the result; and the limits of this work.
    """
    os.nice(_LAST)
    csv, types, result = (Path(argument) for argument in arguments[:3])
    CheckLimits.read(arguments[3:]).impose()
    found = profile(csv, json.loads(types.read_text(encoding="utf-8")))
    draft = result.with_suffix(".new")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(result)
    return 0
