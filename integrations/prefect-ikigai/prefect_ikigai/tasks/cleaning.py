"""Tasks that delete datasets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prefect.runtime import flow_run

import ikigai_core
from ikigai_core import orchestration
from ikigai_core.components.browser import Browser
from ikigai_core.errors import InvalidInputError, NotFoundError
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.naming import is_generated_from
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks.making import async_version, ikigai_task

if TYPE_CHECKING:
    from ikigai_core.orchestration import AnyClient
    from ikigai_core.procedure import Procedure

A_WEEK = timedelta(days=7)


@ikigai_task("delete {dataset}")
def delete_dataset(
    credentials: IkigaiCredentials, app: str, dataset: str, *, missing_ok: bool = True
) -> Operation[bool]:
    """Delete a dataset and its data.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name or id of the dataset.
    missing_ok : bool, default True
        Whether a missing dataset is accepted.

    Returns
    -------
    bool
        Whether there was such a dataset.

    Raises
    ------
    ikigai_core.errors.NotFoundError
        There is no such app; or no such dataset, and `missing_ok` is False.
    """
    return Operation(credentials, lambda ikigai: _deleted(ikigai, app, dataset, missing_ok))


adelete_dataset = async_version(delete_dataset)


@ikigai_task("delete old outputs {name}")
def delete_old_outputs(
    credentials: IkigaiCredentials, app: str, name: str, *, older_than: timedelta = A_WEEK
) -> Operation[list[str]]:
    """Delete the datasets whose names `output_name` made for earlier flow runs.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the datasets.
    name : str
        The name that was given to `output_name`, for example ``late_flights``.
    older_than : timedelta, default 7 days
        Minimum time since the last change of a dataset, by this machine's clock. The outputs of the current flow run
        stay in any case.

    Returns
    -------
    list of str
        Names of the deleted datasets, sorted.

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        The name is blank, or `older_than` is negative.
    ikigai_core.errors.NotFoundError
        There is no such app.
    """
    if not name.strip() or older_than < timedelta(0):
        raise InvalidInputError(f"name is {name!r} and older_than {older_than}: give a name, and a time that is over.")
    return Operation(credentials, lambda ikigai: _swept(ikigai, app, name, older_than))


adelete_old_outputs = async_version(delete_old_outputs)


def _deleted(ikigai: AnyClient, app: str, dataset: str, missing_ok: bool) -> Procedure[bool]:
    home = yield from orchestration.find_app(ikigai, app)
    try:
        found: Any = yield from Browser.find.procedure(home.datasets, dataset)
    except NotFoundError:
        if not missing_ok:
            raise
        current_logger().info("Dataset %r: nothing to delete", dataset)
        return False
    yield from ikigai_core.Dataset.delete.procedure(found)
    current_logger().info("Dataset %r: deleted", dataset)
    return True


def _swept(ikigai: AnyClient, app: str, name: str, older_than: timedelta) -> Procedure[list[str]]:
    home = yield from orchestration.find_app(ikigai, app)
    found: Any = yield from Browser.search.procedure(home.datasets, name)
    latest, current = datetime.now(UTC) - older_than, flow_run.id
    old = [
        dataset
        for dataset in found.values()
        if is_generated_from(name, dataset.name)
        and dataset.modified_at <= latest
        and not (current and dataset.name.endswith(current[-12:]))
    ]
    for dataset in old:
        yield from ikigai_core.Dataset.delete.procedure(dataset)
    names = sorted(dataset.name for dataset in old)
    current_logger().info("Old outputs %r: deleted %s", name, ", ".join(names) or "none")
    return names
