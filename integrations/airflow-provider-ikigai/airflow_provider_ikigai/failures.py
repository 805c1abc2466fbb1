"""Turns the client's errors into Airflow's: after a terminal one the task fails, after a transient one it retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from ikigai_core.errors import IkigaiError
from ikigai_core.orchestration import SupersededError


def task_failure(message: str, *, transient: bool) -> AirflowException:
    """The exception that fails a task, with Airflow's retries or without.

    Parameters
    ----------
    message : str
        What went wrong, complete: it is all that the task's log says.
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
    """Turn what the client raises into the exception that fails the task.

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
        # A later try decides how the task ends, not this one.
        raise task_failure(str(error), transient=True) from None
    except IkigaiError as error:
        raise task_failure(str(error), transient=error.transient) from None
