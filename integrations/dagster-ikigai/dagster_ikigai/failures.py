"""The platform's errors as Dagster's failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from dagster_ikigai.metadata import FACET


@contextmanager
def dagster_failures() -> Iterator[None]:
    """Raise the core's errors as `Failure`, with retries allowed for transient errors.

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
        raise dg.Failure(str(error), metadata=_metadata(error), allow_retries=error.transient) from error


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
