"""The base of all operators of this provider."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseOperatorLink

from airflow_provider_ikigai.failures import failing_the_task
from airflow_provider_ikigai.hooks.ikigai import IkigaiHook
from airflow_provider_ikigai.lineage import Lineage
from airflow_provider_ikigai.links import IkigaiAppLink

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from ikigai_core import App, Ikigai


class IkigaiBaseOperator(BaseOperator):
    """An operator with a connection to the Ikigai platform, for something in one app.

    Parameters
    ----------
    app : str
        Name or id of the app.
    ikigai_conn_id : str, default "ikigai_default"
        Connection of type ``ikigai``.
    **kwargs
        Those of Airflow's `BaseOperator`.
    """

    template_fields: Sequence[str] = ("ikigai_conn_id", "app")
    operator_extra_links: Collection[BaseOperatorLink] = (IkigaiAppLink(),)
    ui_color = "#e8e4fb"

    def __init__(self, *, app: str, ikigai_conn_id: str = IkigaiHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.app = app
        self.ikigai_conn_id = ikigai_conn_id
        self._lineage = Lineage()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return what the task read and wrote. OpenLineage calls this, also if the task failed."""
        return self._lineage.to_openlineage()

    @cached_property
    def hook(self) -> IkigaiHook:
        """The hook of this operator's connection."""
        return IkigaiHook(self.ikigai_conn_id)

    @contextmanager
    def connected(self, context: Context, *, create_app: bool = False) -> Iterator[tuple[Ikigai, App]]:
        """A client of the platform and the app, for as long as the client is open.

        Parameters
        ----------
        context : Context
            The task's.
        create_app : bool, default False
            Create the app if there is none of that name.

        Raises
        ------
        AirflowFailException
            The same task would fail again. Errors within the block count too.
        AirflowException
            The same task may succeed later.
        """
        from ikigai_core.orchestration import ensure_app

        with failing_the_task(), self.hook.get_conn() as ikigai:
            app = ikigai.run(ensure_app(ikigai, self.app, create=create_app))
            IkigaiAppLink().push(context, app)
            yield ikigai, app
