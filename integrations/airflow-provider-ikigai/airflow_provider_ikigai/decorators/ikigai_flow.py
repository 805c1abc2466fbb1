"""``@task.ikigai_flow``: runs a flow with the variables that a function returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.decorators.ikigai_upload import called
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.decorator import TaskDecorator


class _FlowDecoratedOperator(DecoratedOperator, IkigaiRunFlowOperator):
    """Runs the flow with the variables that the function returns."""

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *(name for name in IkigaiRunFlowOperator.template_fields if name != "variables"),
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {**DecoratedOperator.template_fields_renderers}
    custom_operator_name: str = "@task.ikigai_flow"
    computes_variables = True

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function and run the flow with what it returns."""
        self._call(context)
        result: dict[str, Any] = super().execute(context)
        return result

    def execute_when_idle(
        self, context: Context, event: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Continue after the triggerer has waited for a busy flow; the function is called again."""
        self._call(context)
        return super().execute_when_idle(context, event, deadline)

    def _call(self, context: Context) -> None:
        returned = called(self, context)
        if returned is not None and not isinstance(returned, Mapping):
            raise AirflowFailException(
                f"The function of task {self.task_id!r} returned a {type(returned).__name__}: return the run's "
                "variables as a dict, or None."
            )
        self.variables = returned


def ikigai_flow_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function a task that runs a flow with the variables that it returns, and follows the run to its end.

    Parameters
    ----------
    python_callable : callable, optional
        Returns a dict of variables, or None.
    **kwargs
        Those of `IkigaiRunFlowOperator` but ``variables``.

    Examples
    --------
    >>> @task.ikigai_flow(app="Late flights", flow="Late flights")
    ... def late_flights(params: dict[str, Any]) -> dict[str, Any]:
    ...     return {"output": params["output"]}
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=_FlowDecoratedOperator, **kwargs
    )
