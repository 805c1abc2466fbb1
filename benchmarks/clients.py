"""The two clients, each in an environment of its own, driven by one script."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PYTHONS = {"ikigai_core": ROOT / ".venvs/core/bin/python", "ikigai": ROOT / ".venvs/released/bin/python"}
USER, KEY, APP = "user@example.com", "benchmarks", "Benchmarks"


def begin(client: str, url: str, task: str, *arguments: str, cache: str | None = None) -> subprocess.Popen[bytes]:
    """Begin a measurement (see `benchmarks.client`) in a fresh process; `cache` names a cache folder of its own."""
    environment = {
        **os.environ,
        **({"XDG_CACHE_HOME": cache} if cache else {}),
        "BENCHMARKED_CLIENT": client,
        "IKIGAI_BASE_URL": url,
        "IKIGAI_USER_EMAIL": USER,
        "IKIGAI_API_KEY": KEY,
    }
    script = str(Path(__file__).with_name("client.py"))
    command = [str(PYTHONS[client]), script, task, APP, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes], timeout: float) -> dict[str, Any]:
    """The measurement of a process.

    Raises
    ------
    RuntimeError
        It failed; its traceback is on standard error.
    """
    try:
        output, _ = process.communicate(timeout=timeout)
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"a measurement ended with {process.returncode}: {process.args!r}")
    measured: dict[str, Any] = json.loads(output)
    return measured


@contextlib.contextmanager
def helper(module: str, *arguments: str) -> Iterator[str]:
    """A process of this package that ends with its standard input; what it says first."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
