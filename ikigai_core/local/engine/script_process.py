"""The process of a script, forked from one that has imported what most scripts use, which takes half a second."""

from __future__ import annotations

import os
import sys

import numpy as np
import pandas as pd  # noqa: F401
from pyarrow import parquet  # noqa: F401

from ikigai_core.local.engine import sandbox, script_host

WATCHES_ITS_STARTER = True
"""It has to be the only thread of its process, which a watcher would not be."""

_OF_THE_PLATFORM = set(os.environ.get("PYTHONPATH", "").split(os.pathsep))


def main(arguments: list[str]) -> int:
    """Run the script of the folder; the arguments are what it may see, and the folder that is hidden from it."""
    access, hidden = arguments
    sys.path[:] = [path for path in sys.path if path not in _OF_THE_PLATFORM]
    sys.argv[:] = [script_host.SCRIPT_NAME]
    # Otherwise all scripts would draw the same numbers.
    np.random.seed()
    sandbox.run(access, hidden, script_host.main)
    return 0
