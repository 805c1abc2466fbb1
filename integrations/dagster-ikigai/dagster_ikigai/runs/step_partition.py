"""The partition that a step is for."""

from __future__ import annotations

from typing import Any

import dagster as dg


def step_partitions(context: Any) -> list[str]:
    """The keys of the partitions that a step's Dagster run is for.

    Dagster gives a run a range of partitions, even of one, if the asset has a backfill policy.

    Parameters
    ----------
    context : AssetExecutionContext, OpExecutionContext or AssetCheckExecutionContext
    """
    context = getattr(context, "op_execution_context", context)
    if context.has_partition_key:
        return [context.partition_key]
    return list(context.partition_keys) if context.has_partition_key_range else []


def step_partition(context: Any) -> str | None:
    """The key of the partition that a step's Dagster run is for; None if it is for none.

    Raises
    ------
    Failure
        The run is for several partitions, and a run of a flow stands for one.
    """
    keys = step_partitions(context)
    if len(keys) > 1:
        raise dg.Failure(
            f"This Dagster run is for {len(keys)} partitions, from {keys[0]!r} to {keys[-1]!r}, and a run of a flow "
            "stands for one. Nothing was started. Materialize them with "
            "BackfillPolicy.multi_run(max_partitions_per_run=1).",
            allow_retries=False,
        )
    return keys[0] if keys else None
