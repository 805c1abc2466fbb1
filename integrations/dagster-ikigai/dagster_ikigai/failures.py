"""The platform's errors as Dagster's failures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from dagster_ikigai.metadata import FACET

_log = logging.getLogger("dagster_ikigai")


RETRIES_OF_RUN = "dagster/retry_on_asset_or_op_failure"
"""Dagster's tag of a run: whether ``run_retries`` of the instance repeat it after a step has failed."""


@contextmanager
def dagster_failures(step: Any = None) -> Iterator[None]:
    """Raise the core's errors as `Failure`, with retries allowed for transient errors.

    Parameters
    ----------
    step : AssetExecutionContext or OpExecutionContext, optional
        Context of the step. If its error is not transient, the instance's ``run_retries`` do not repeat its run either.

    Raises
    ------
    Failure
        Its description is the error message. ``allow_retries`` is False if a retry cannot help: for a failed run, a
        wrong key or an invalid definition.
    """
    from ikigai_core.errors import IkigaiError

    try:
        yield
    except IkigaiError as error:
        if step is not None and not error.transient:
            _spare_retries_of_the_run(step, error)
        raise dg.Failure(str(error), metadata=_metadata(error), allow_retries=error.transient) from error


def _spare_retries_of_the_run(step: Any, error: Exception) -> None:
    """Keep the instance from repeating a run that would fail again. Raises nothing."""
    from ikigai_core.orchestration import SupersededError

    step = getattr(step, "op_execution_context", step)
    if isinstance(error, SupersededError) or RETRIES_OF_RUN in step.run.tags:
        return
    try:
        step.instance.add_run_tags(step.run_id, {RETRIES_OF_RUN: "false"})
    except Exception as failure:
        _log.warning("Could not turn off the retries of Dagster run %s: %s", step.run_id, failure)


def _metadata(error: Exception) -> dict[str, Any]:
    from ikigai_core.errors import RunFailedError

    metadata: dict[str, Any] = {"ikigai/error": type(error).__name__}
    if isinstance(error, RunFailedError):
        metadata |= {
            FACET: error.facet_name,
            "ikigai/message": error.message,
            "ikigai/run_log_id": error.run_log.log_id,
            "ikigai/run_status": error.run_log.status.value,
        }
    return metadata
