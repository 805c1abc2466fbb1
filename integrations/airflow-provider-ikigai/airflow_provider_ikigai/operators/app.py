"""The operator that applies the document of a whole app."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai.failures import failing_the_task
from airflow_provider_ikigai.links import IkigaiAppLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ikigai_core import AppDocument


class IkigaiApplyAppOperator(IkigaiBaseOperator):
    """Make an app what its document says: schemas, models, custom facets, flows, schedules and grants.

    Repeating is safe: only differences are changed. If the document refers to something that does not exist, nothing is
    changed.

    Parameters
    ----------
    document : AppDocument, mapping, str or path
        The document; or the folder that ``ikigai apps export`` wrote, or a file with the whole document. A relative
        path is relative to the DAG's folder.
    app : str, optional
        Name of the app, which is created if necessary. Default: the name in the document.
    prune : bool, default False
        Delete flows, models, datasets, grants and schedules of the app that the document does not have.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: the plan that was carried out: ``app``, ``steps`` and ``notes``.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "document")

    def __init__(
        self,
        *,
        document: AppDocument | Mapping[str, Any] | str | os.PathLike[str],
        app: str = "",
        prune: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(app=app, **kwargs)
        self.document = _as_plain(document)
        self.prune = prune

    def execute(self, context: Context) -> dict[str, Any]:
        """Apply the document.

        Raises
        ------
        AirflowFailException
            The document has a fault, or refers to something that is nowhere; and everything else that would fail again.
        """
        given = self.document
        document = Path(context["dag"].fileloc).parent / given if isinstance(given, str) else given
        with failing_the_task(), self.hook.get_conn() as ikigai:
            plan = ikigai.apply_app(document, self.app or None, prune=self.prune)
            IkigaiAppLink().push(context, ikigai.apps[plan.app])
        self.log.info("%s", plan)
        return plan.to_dict()


def _as_plain(document: AppDocument | Mapping[str, Any] | str | os.PathLike[str]) -> Mapping[str, Any] | str:
    if isinstance(document, os.PathLike):
        return os.fspath(document)
    if isinstance(document, Mapping | str):
        return document
    return document.to_dict()
