"""A few flows that many tasks start, and the runs that the platform really began for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ikigai_core import Ikigai
from ikigai_core.local.control import BegunRun
from ikigai_core.local.process import LocalPlatform

_TRIES = 30
TASK = "task"
OUTPUT = "output"
# Tiny and fast also where the engine runs it: after a restart of the platform, before the pace is ordered anew.
DOCUMENT: dict[str, Any] = {
    "facets": {
        "seed": {
            "type": "INPUT.Imported",
            "dataset": "seed",
            "arguments": {"file_type": "csv", "header": True},
        },
        "own": {
            "type": "MID.Filter",
            "after": "seed",
            "arguments": {"column_name": "name", "condition": "not_equals", "value": "nobody's"},
            "variables": {TASK: "value"},
        },
        "output": {
            "type": "OUTPUT.Exported",
            "after": "own",
            "arguments": {"dataset_name": "nobody's", "file_type": "csv", "header": True},
            "variables": {OUTPUT: "dataset_name"},
        },
    }
}


def output_of(task: str) -> str:
    """The dataset that a task's run writes, and no other."""
    return f"out {task}"


def variables_of(task: str) -> dict[str, Any]:
    """The run variables with which a task starts its flow."""
    return {TASK: task, OUTPUT: output_of(task)}


@dataclass(frozen=True)
class ChaosFlows:
    """An app with flows that take the run variables `task` and `output`.

    Attributes
    ----------
    platform : LocalPlatform
    app_id, app : str
        Id and name of the app.
    flows : mapping
        The flows' ids by name.
    duration : float
        Seconds that a run takes.
    """

    platform: LocalPlatform
    app_id: str
    app: str
    flows: Mapping[str, str]
    duration: float
    # Orders need a platform that is there.
    _there: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def make(cls, platform: LocalPlatform, count: int = 2, *, duration: float = 0.2, app: str = "Chaos") -> ChaosFlows:
        """Make the app, and `count` flows in it, named "Flow 0" and so on; the platform's own user's."""
        platform.control.seed(app, {"seed": b"name\nsomebody\n"})
        with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
            made = ikigai.apps[app]
            flows = {
                name: made.flow.new(name).definition(DOCUMENT).build().flow_id
                for name in (f"Flow {number}" for number in range(count))
            }
        chaos = cls(platform, made.app_id, app, flows, duration)
        chaos.pace()
        return chaos

    def pace(self) -> None:
        """Let all runs, of copies too, take `duration` and no worker, and write their dataset; a restart forgets it."""
        self.platform.control.outcome(duration=self.duration, writes=True)

    def fail_next(self, count: int = 1) -> None:
        """Let the next runs fail; a restart forgets it."""
        with self._there:
            self.platform.control.outcome(duration=self.duration, status="FAILED", message="ordered chaos", times=count)

    def restart(self) -> None:
        """Crash the platform and start it again: runs that were under way have failed.

        For more than a few times, start it with a `data_dir` of its own: a scratch one goes with a start that fails.
        """
        with self._there:
            self.platform.kill()
            for tries_left in reversed(range(_TRIES)):
                try:
                    self.platform.restart()
                    break
                except RuntimeError:
                    # While it was away, a client's connection may have been given its port.
                    if not tries_left:
                        raise
                    time.sleep(1)
            self.pace()

    def runs(self) -> list[BegunRun]:
        """All runs in the app that ever began, oldest first, those of deleted flows and copies too."""
        return [run for run in self.platform.control.runs() if run.app_id == self.app_id]
