"""Limits of the work on an uploaded file, which its own process sets for itself."""

from __future__ import annotations

import contextlib
import re
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ikigai_core.local.jobs.workers import ending

_MIB = 1 << 20


@dataclass(frozen=True)
class CheckLimits:
    """What the check of an uploaded file, and the profile of a dataset, may take.

    Parameters
    ----------
    seconds : float
        Wall time; while a file arrives, processor time.
    memory : int
        Bytes, beyond what its process begins with.
    """

    seconds: float = 600.0
    memory: int = 4 << 30

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.memory > 0):
            raise ValueError("--check-timeout and --check-memory have to be more than 0")

    @classmethod
    def read(cls, arguments: Sequence[str]) -> CheckLimits:
        """Return the limits in the arguments of a process."""
        return cls(float(arguments[0]), int(arguments[1]))

    @property
    def arguments(self) -> tuple[str, str]:
        """The limits as arguments of a process."""
        return str(self.seconds), str(self.memory)

    def impose(self, *, waits: bool = False) -> None:
        """Limit this process. When its time is over, a signal ends it.

        Parameters
        ----------
        waits
            Whether the process has to wait for others. Then only its processor time counts.
        """
        # A limit that the machine itself has cannot be raised.
        with contextlib.suppress(ValueError):
            memory = _held() + self.memory
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        signal.setitimer(signal.ITIMER_PROF if waits else signal.ITIMER_REAL, self.seconds)

    @property
    def too_large(self) -> str:
        """Why a file that needs more memory is rejected."""
        return (
            f"The check of the file needs more than {self.memory // _MIB} MiB of memory; upload a smaller file, "
            "or start the platform with a higher --check-memory."
        )

    def unfinished(self, code: int) -> str:
        """Return why a file is rejected whose check ended with this exit code, without a verdict."""
        if code == -signal.SIGALRM:
            return (
                f"The check of the file took longer than {self.seconds:g} s; upload a smaller file, or start the "
                "platform with a higher --check-timeout."
            )
        return f"The check of the uploaded file did not come to an end: its process {ending(code)}"


def _held() -> int:
    """Return the bytes that count already: what the process that this one was forked from has imported."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    held = re.search(r"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    return int(held[1]) << 10 if held else 0
