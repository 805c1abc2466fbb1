"""Converts the client's errors to Airflow's: a terminal one fails the task, a transient one lets it retry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from ikigai_core.errors import IkigaiError
from ikigai_core.orchestration import SupersededError


def task_failure(message: str, *, transient: bool) -> AirflowException:
    """Return the exception that fails a task, with or without retries.

    Parameters
    ----------
    message : str
        The complete description of the error for the task's log.
    transient : bool
        Whether the same task may succeed later, unchanged.

    Returns
    -------
    AirflowException
        An `AirflowFailException` if `transient` is false.
    """
    return AirflowException(message) if transient else AirflowFailException(message)


@contextmanager
def failing_the_task() -> Iterator[None]:
    """Convert errors of the client to the exception that fails the task.

    Raises
    ------
    AirflowFailException
        For a terminal error: Airflow does not retry.
    AirflowException
        For a transient one: Airflow retries as the task allows.
    """
    try:
        yield
    except SupersededError as error:
        # A later try determines the outcome of the task, not this one.
        raise task_failure(str(error), transient=True) from None
    except IkigaiError as error:
        raise task_failure(str(error), transient=error.transient) from None
