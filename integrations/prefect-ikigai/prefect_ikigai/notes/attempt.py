"""The attempts of tasks and flow runs, so that later attempts recognize earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Self
from uuid import UUID

from prefect.exceptions import ObjectNotFound

from prefect_ikigai.api.client import prefect_client
from prefect_ikigai.api.owner import Owner, pauses_of


class Link(NamedTuple):
    """A flow run, the number of its attempt, and how often that was suspended."""

    flow_run_id: UUID
    number: int
    pauses: int = 0


@dataclass(frozen=True)
class Attempt:
    """An attempt of a task, or of a flow's body, in a tree of flow runs.

    Attributes
    ----------
    chain : tuple of Link
        The flow run with the number of its attempt. The flow runs that called it come before it, the outermost first.
        If Prefect repeats a flow run, it creates new flow runs for its subflows and new task runs for its tasks.
    task_run_id : UUID or None
    task : str
        Prefect's key of the task; empty in a flow's own body.
    number : int
        Number of attempts of the task run.
    """

    chain: tuple[Link, ...]
    task_run_id: UUID | None = None
    task: str = ""
    number: int = 0

    @classmethod
    def of(cls, owner: Owner) -> Self:
        """The attempt of an owner. Reads from Prefect's server which flow runs called its flow run."""
        chain: tuple[Link, ...] = ()
        if owner.flow_run_id is not None:
            callers = _callers(owner.parent_task_run_id, owner.flow_run_id, owner.attempt, owner.pauses)
            chain = (*callers, Link(owner.flow_run_id, owner.attempt, owner.pauses))
        return cls(chain, owner.task_run_id, owner.task, owner.task_attempt)

    @property
    def flow_run_ids(self) -> list[UUID]:
        """The flow runs, the outermost first."""
        return [link.flow_run_id for link in self.chain]

    @property
    def flow_run_id(self) -> UUID | None:
        """The flow run; None in a task outside of flows."""
        return self.chain[-1].flow_run_id if self.chain else None

    @property
    def root_id(self) -> UUID | None:
        """The outermost flow run."""
        return self.chain[0].flow_run_id if self.chain else None

    def precedes(self, other: Attempt) -> bool:
        """Whether the other attempt repeats this one, as the same task run or in a later attempt of a flow run."""
        if self.task_run_id is not None and self.task_run_id == other.task_run_id and self.number != other.number:
            return self.number < other.number
        for mine, others in zip(self.chain, other.chain, strict=False):
            if mine.flow_run_id != others.flow_run_id:
                return False
            if mine != others:
                return (mine.number, mine.pauses) < (others.number, others.pauses)
        return False

    def to_dict(self) -> dict[str, Any]:
        """The attempt as a JSON-compatible dict."""
        return {
            "chain": [[str(link.flow_run_id), link.number, link.pauses] for link in self.chain],
            "task_run_id": str(self.task_run_id) if self.task_run_id else None,
            "task": self.task,
            "number": self.number,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        task_run_id = data["task_run_id"]
        return cls(
            chain=tuple(Link(UUID(flow_run_id), *numbers) for flow_run_id, *numbers in data["chain"]),
            task_run_id=UUID(task_run_id) if task_run_id else None,
            task=data["task"],
            number=data["number"],
        )

    def __str__(self) -> str:
        flow_run = f"try {self.chain[-1].number} of flow run {self.flow_run_id}" if self.chain else ""
        task_run = f"try {self.number} of task run {self.task_run_id}" if self.task_run_id else ""
        return ", ".join(part for part in (task_run, flow_run) if part)


@lru_cache(maxsize=256)
def _callers(parent_task_run_id: UUID | None, flow_run_id: UUID, attempt: int, pauses: int) -> tuple[Link, ...]:
    """The flow runs above a flow run, outermost first. Attempt and pauses are only parts of the cache key."""
    del flow_run_id, attempt, pauses
    chain: list[Link] = []
    with prefect_client() as client:
        while parent_task_run_id is not None:
            try:
                caller_id = client.read_task_run(parent_task_run_id).flow_run_id
                if caller_id is None:
                    break
                caller = client.read_flow_run(caller_id)
            except ObjectNotFound:
                # It was deleted, so nobody will repeat it.
                break
            chain.insert(0, Link(caller.id, caller.run_count, pauses_of(caller)))
            parent_task_run_id = caller.parent_task_run_id
    return tuple(chain)
