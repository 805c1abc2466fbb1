"""The attempts of tasks and flow runs, so that later attempts recognize earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from prefect.exceptions import ObjectNotFound

from prefect_ikigai.api.client import prefect_client
from prefect_ikigai.api.owner import Owner

Link = tuple[UUID, int]
"""A flow run, and the number of its attempt."""


@dataclass(frozen=True)
class Attempt:
    """An attempt of a task, or of a flow's body, in a tree of flow runs.

    Attributes
    ----------
    chain : tuple of (UUID, int)
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
            callers = _callers(owner.parent_task_run_id, owner.flow_run_id, owner.attempt)
            chain = (*callers, (owner.flow_run_id, owner.attempt))
        return cls(chain, owner.task_run_id, owner.task, owner.task_attempt)

    @property
    def flow_run_id(self) -> UUID | None:
        """The flow run; None in a task outside of flows."""
        return self.chain[-1][0] if self.chain else None

    @property
    def root_id(self) -> UUID | None:
        """The outermost flow run."""
        return self.chain[0][0] if self.chain else None

    def precedes(self, other: Attempt) -> bool:
        """Whether the other attempt repeats this one, as the same task run or in a later attempt of a flow run."""
        if self.task_run_id is not None and self.task_run_id == other.task_run_id and self.number != other.number:
            return self.number < other.number
        for (flow_run_id, number), (others_id, others_number) in zip(self.chain, other.chain, strict=False):
            if flow_run_id != others_id:
                return False
            if number != others_number:
                return number < others_number
        return False

    def to_dict(self) -> dict[str, Any]:
        """The attempt as a JSON-compatible dict."""
        return {
            "chain": [[str(flow_run_id), number] for flow_run_id, number in self.chain],
            "task_run_id": str(self.task_run_id) if self.task_run_id else None,
            "task": self.task,
            "number": self.number,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        task_run_id = data["task_run_id"]
        return cls(
            chain=tuple((UUID(flow_run_id), number) for flow_run_id, number in data["chain"]),
            task_run_id=UUID(task_run_id) if task_run_id else None,
            task=data["task"],
            number=data["number"],
        )

    def __str__(self) -> str:
        flow_run = f"try {self.chain[-1][1]} of flow run {self.flow_run_id}" if self.chain else ""
        task_run = f"try {self.number} of task run {self.task_run_id}" if self.task_run_id else ""
        return ", ".join(part for part in (task_run, flow_run) if part)


@lru_cache(maxsize=256)
def _callers(parent_task_run_id: UUID | None, flow_run_id: UUID, attempt: int) -> tuple[Link, ...]:
    """The flow runs above a flow run, outermost first. The attempt is only a part of the cache key."""
    del flow_run_id, attempt
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
            chain.insert(0, (caller.id, caller.run_count))
            parent_task_run_id = caller.parent_task_run_id
    return tuple(chain)
