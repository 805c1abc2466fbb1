"""The operator that deletes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.failures import failing_the_task
from airflow_provider_ikigai.lineage import Lineage, Named
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from ikigai_core.errors import NotFoundError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ikigai_core import App

_KINDS = ("dataset", "flow", "model")


class IkigaiDeleteOperator(IkigaiBaseOperator):
    """Delete a dataset, a flow or a model of an app, or the app with everything in it.

    Repeating is safe: if there is nothing to delete, the task succeeds.

    Parameters
    ----------
    app : str
        Name or id of the app.
    dataset, flow, model : str, optional
        Name or id of the component to delete. Give exactly one, unless `whole_app` is true.
    whole_app : bool, default False
        Delete the app itself.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``deleted``, the id of the deleted component, or None if there was none.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, *_KINDS)

    def __init__(
        self,
        *,
        dataset: str | None = None,
        flow: str | None = None,
        model: str | None = None,
        whole_app: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.flow = flow
        self.model = model
        self.whole_app = whole_app

    def execute(self, context: Context) -> dict[str, Any]:
        """Delete it.

        Raises
        ------
        AirflowFailException
            The arguments do not name exactly one thing to delete; and every error that would occur again.
        """
        given = [kind for kind in _KINDS if getattr(self, kind)]
        if len(given) + self.whole_app != 1:
            raise AirflowFailException(
                f"Task {self.task_id!r} is to delete {', '.join(given) or 'nothing'}"
                f"{' and the whole app' if self.whole_app else ''}: give exactly one of {', '.join(_KINDS)}, whole_app."
            )
        with failing_the_task(), self.hook.get_conn() as ikigai:
            try:
                app = ikigai.apps.find(self.app)
                deleted = self._delete(app, given)
            except NotFoundError as error:
                self.log.info("Nothing to delete: %s", error)
                return {"deleted": None}
        self.log.info("Deleted %s", deleted)
        return {"deleted": deleted}

    def _delete(self, app: App, given: list[str]) -> str:
        if not given:
            app.delete()
            self._lineage = Lineage(app.name, outputs=[Named("app", "DROP")])
            return app.app_id
        (kind,) = given
        component = getattr(app, f"{kind}s").find(getattr(self, kind))
        component.delete()
        name = component.name if kind == "dataset" else f"{kind}s/{component.name}"
        self._lineage = Lineage(app.name, outputs=[Named(name, "DROP")])
        return str(getattr(component, f"{kind}_id"))
