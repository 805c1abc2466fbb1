"""The task that applies the document of a whole app."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ikigai_core.procedure import Procedure
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks.making import async_version, ikigai_task

if TYPE_CHECKING:
    from ikigai_core import AppDocument
    from ikigai_core.orchestration import AnyClient


@ikigai_task("apply {document}")
def apply_app(
    credentials: IkigaiCredentials,
    document: AppDocument | Mapping[str, Any] | str | Path,
    *,
    app: str | None = None,
    prune: bool = False,
) -> Operation[dict[str, Any]]:
    """Make an app what its document says: schemas, models, custom facets, flows, schedules and grants.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    document : AppDocument, mapping, str or path
        The document; or the folder that ``ikigai apps export`` wrote, or a file with the whole document.
    app : str, optional
        Name of the app, which is created if necessary. Default: the name in the document.
    prune : bool, default False
        Delete flows, models, datasets, grants and schedules of the app that the document does not have.

    Returns
    -------
    dict
        The plan that was carried out: ``app``, ``steps`` and ``notes``.

    Raises
    ------
    ikigai_core.errors.InvalidDefinitionError
        The document has a fault, or refers to something that is nowhere. Nothing was changed.
    """
    return Operation(credentials, lambda ikigai: _applied(ikigai, document, app, prune))


aapply_app = async_version(apply_app)


def _applied(ikigai: AnyClient, document: Any, app: str | None, prune: bool) -> Procedure[dict[str, Any]]:
    from ikigai_core.app_documents import applying

    plan = yield from applying.apply_app(ikigai, document, app, prune=prune)
    current_logger().info("%s", plan)
    return plan.to_dict()
