"""The progress of a sensor, stored in its cursor."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from dagster_ikigai.forms import read_form

CURSOR_VERSION = 1
REMEDY = (
    "Use the release that wrote it, or reset the sensor's cursor in Dagster's UI: runs that ended before that are then "
    "not reported."
)


@dataclass
class Cursor:
    """The progress of a sensor, by flow.

    Attributes
    ----------
    seen, seen_at : dict
        The newest seen log id (empty if there were no logs), and its time in seconds since 1970.
    quiet : dict
        What the listing of flows said of the newest run, and since when that has been so. The flow's log had no news.
    troubles : dict
        Kind of the problem with which the check of the flow failed. The sensor has reported it already.
    next_flow : str
        The flow to continue with.
    """

    seen: dict[str, str] = field(default_factory=dict)
    next_flow: str = ""
    seen_at: dict[str, float] = field(default_factory=dict)
    quiet: dict[str, tuple[str, float]] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, text: str | None) -> Self:
        """Read what `dump` wrote.

        Raises
        ------
        ValueError
            Another release wrote it. Starting without a cursor could report runs twice.
        """
        if not text:
            return cls()
        content = read_form("The sensor's cursor", text, CURSOR_VERSION, REMEDY)
        quiet = {name: (told, since) for name, (told, since) in content["quiet"].items()}
        return cls(**{**content, "quiet": quiet})

    def dump(self) -> str:
        """The cursor as JSON text."""
        return json.dumps({"version": CURSOR_VERSION, **asdict(self)})

    def keep_only(self, flows: set[str]) -> None:
        """Forget all other flows."""
        for kept in (self.seen, self.seen_at, self.quiet, self.troubles):
            for name in kept.keys() - flows:
                del kept[name]
