"""How long the last successful runs of each flow took, on disk, for all processes of this machine's user.

There is one small file for each flow in the user's cache folder. It only helps to notice the end of a run sooner:
without it, runs are followed all the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from math import isfinite
from pathlib import Path

from platformdirs import user_cache_path

KEPT = 5
"""Number of durations that are kept for each flow."""

LIFETIME = 90 * 24 * 3600.0
"""Seconds after which the file of a flow that was not run again is deleted."""


def usual_durations(app_id: str, flow_id: str) -> Sequence[float]:
    """Durations of the last successful runs of a flow in seconds, oldest first; empty if none is known."""
    try:
        durations = json.loads(_path(app_id, flow_id).read_bytes())
        return [seconds for value in durations if isfinite(seconds := float(value)) and seconds > 0][-KEPT:]
    except (OSError, ValueError, TypeError, RuntimeError):
        return ()


def note_duration(app_id: str, flow_id: str, seconds: float) -> None:
    """Keep the duration of a successful run in seconds. If it cannot be stored, nothing happens."""
    with suppress(OSError, RuntimeError):
        path = _path(app_id, flow_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _delete_old(path.parent)
        durations = [*usual_durations(app_id, flow_id), round(seconds, 1)][-KEPT:]
        _replace(path, json.dumps(durations))


def _path(app_id: str, flow_id: str) -> Path:
    # The ids come from the platform, and must not lead out of the folder.
    name = hashlib.sha256(f"{app_id}\n{flow_id}".encode()).hexdigest()
    return user_cache_path("ikigai", appauthor=False) / "durations" / f"{name}.json"


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole, so that a reader in another process sees either the old or the new content."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink()
        raise


@cache
def _delete_old(folder: Path) -> None:
    """Delete files that were not written for a long time; once for each process."""
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LIFETIME:
                path.unlink()
