"""A cache policy for tasks with reusable results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext
from prefect.utilities.hashing import hash_objects

from prefect_ikigai.blocks.credentials import IkigaiCredentials


@dataclass
class AccountInputs(CachePolicy):
    """A cache key of the task, its account and its other inputs; of files also the size and modification time.

    Prefect's own ``INPUTS`` policy hashes a block with masked secrets, and a file by its name only. This policy
    replaces the block by the account, which is the user's email and the platform's address. Two accounts never share a
    result. A new API key or another timeout does not change the cache key, and the API key is not part of it.
    """

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        """Digest of everything that the result depends on."""
        told = {name: _told(value) for name, value in inputs.items()}
        return hash_objects(task_ctx.task.task_key, told, raise_on_failure=True)


ACCOUNT_INPUTS = AccountInputs()
"""Use as ``read_dataset.with_options(cache_policy=ACCOUNT_INPUTS, persist_result=True)``."""


def _told(value: Any) -> Any:
    if isinstance(value, IkigaiCredentials):
        return list(value.account)
    if isinstance(value, str | Path):
        return _file(str(value))
    return value


def _file(name: str) -> Any:
    try:
        stat = Path(name).stat()
    except (OSError, ValueError):
        # A plain string, not a path.
        return name
    return [name, stat.st_size, stat.st_mtime_ns]
