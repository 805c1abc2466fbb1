"""The holder of a flow's start lease, and whether it is still alive."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from typing import Self

import dagster as dg

_ENDS = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}


@dataclass(frozen=True)
class LeaseHolder:
    """A step's process.

    Attributes
    ----------
    run_id : str
        Id of the step's Dagster run. Dagster's own monitoring uses it to free the slots of ended runs.
    name : str
        Unique name: a random part, process id, host, step.
    """

    run_id: str
    name: str

    @classmethod
    def here(cls, run_id: str, step_key: str) -> Self:
        """The holder for one start in this process."""
        # The random part comes first: some databases compare only the beginning of a name.
        return cls(run_id, f"{secrets.token_hex(6)} {os.getpid()} {socket.gethostname()} {step_key}")

    def is_gone(self, instance: dg.DagsterInstance, asked_by: LeaseHolder) -> bool:
        """Whether it certainly will not start anything any more, or no run waits for it."""
        run = instance.get_run_by_id(self.run_id)
        if run is None or run.is_finished:
            return True
        _, pid, host, step_key = self._parts
        if (self.run_id, step_key) == (asked_by.run_id, asked_by._parts[3]):
            return True
        if host == socket.gethostname() and not _is_alive(pid):
            return True
        ends = instance.get_records_for_run(self.run_id, of_type=_ENDS).records
        return any(record.event_log_entry.step_key == step_key for record in ends)

    @property
    def _parts(self) -> tuple[str, str, str, str]:
        nonce, pid, host, step_key = [*self.name.split(" ", 3), "", "", ""][:4]
        return nonce, pid, host, step_key


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True
