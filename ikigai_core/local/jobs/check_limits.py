"""Limits of the work on an uploaded file. The process that does the work sets them for itself."""

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
    """Limits for the check of an uploaded file and for the profile of a dataset.

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
            raise ValueError("--check-timeout and --check-memory must be greater than 0")

    @classmethod
    def read(cls, arguments: Sequence[str]) -> CheckLimits:
        """Return the limits in the arguments of a process."""
        return cls(float(arguments[0]), int(arguments[1]))

    @property
    def arguments(self) -> tuple[str, str]:
        """The limits as arguments of a process."""
        return str(self.seconds), str(self.memory)

    def impose(self, *, waits: bool = False) -> None:
        """Limit this process. A signal ends it when its time is used up.

        Parameters
        ----------
        waits
            Whether the process has to wait for others. Then only its processor time counts.
        """
        # A process cannot raise a limit that the machine sets.
        with contextlib.suppress(ValueError):
            memory = _held() + self.memory
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        signal.setitimer(signal.ITIMER_PROF if waits else signal.ITIMER_REAL, self.seconds)

    @property
    def too_large(self) -> str:
        """The message about a file that needs more memory."""
        return (
            f"The check of the file needs more than {self.memory // _MIB} MiB of memory; upload a smaller file, "
            "or start the platform with a higher --check-memory."
        )

    def unfinished(self, code: int) -> str:
        """Return the message about a file whose check ended with this exit code and no verdict."""
        if code == -signal.SIGALRM:
            return (
                f"The check of the file took longer than {self.seconds:g} s; upload a smaller file, or start the "
                "platform with a higher --check-timeout."
            )
        return f"The check of the uploaded file did not finish: its process {ending(code)}"


def _held() -> int:
    """Return the bytes that this process uses from the start: the imports of the process that it was forked from."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    held = re.search(r"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    return int(held[1]) << 10 if held else 0
