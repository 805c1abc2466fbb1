"""Which files scripts may see, and whether this machine can hide the others from them."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_SANDBOX = Path(__file__).with_name("sandbox.py")
_PATIENCE = 20.0


class ScriptAccess(StrEnum):
    """What the scripts of a run may see."""

    CONFINED = "confined"
    """Their inputs, Python and the system's libraries."""
    OPEN = "open"
    """All that the platform's own user may see."""
    REFUSED = "refused"
    """Nothing: they must not run."""


@cache
def can_confine() -> bool:
    """Return whether this machine lets scripts be confined: Linux, with user namespaces. Found out by trying."""
    if sys.platform != "linux":
        return False
    with TemporaryDirectory(prefix="ikigai-") as folder:
        command = [sys.executable, "-I", "-S", str(_SANDBOX), ScriptAccess.CONFINED, folder]
        try:
            # Its standard input must be open.
            with subprocess.Popen(
                command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                return process.wait(_PATIENCE) == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def usual_access() -> ScriptAccess:
    """Return what scripts may see if one user's files are all that there is: as little as this machine allows."""
    return ScriptAccess.CONFINED if can_confine() else ScriptAccess.OPEN
