"""``@task.ikigai_upload``: uploads the result of a function as a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, determine_kwargs, task_decorator_factory

from airflow_provider_ikigai.files import as_text
from airflow_provider_ikigai.operators.dataset import IkigaiUploadDatasetOperator

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.decorator import TaskDecorator


class _UploadDecoratedOperator(DecoratedOperator, IkigaiUploadDatasetOperator):
    """Uploads what the function returns: a frame, an Arrow table, or the path of a file."""

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *(name for name in IkigaiUploadDatasetOperator.template_fields if name not in ("path", "data", "sql")),
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **IkigaiUploadDatasetOperator.template_fields_renderers,
    }
    custom_operator_name: str = "@task.ikigai_upload"

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function and upload what it returns."""
        returned = as_text(called(self, context))
        if isinstance(returned, str):
            self.path = returned
        else:
            self.data = returned
        result: dict[str, Any] = super().execute(context)
        return result


def called(operator: DecoratedOperator, context: Context) -> Any:
    """Call the decorated function with its arguments and the context values that it asks for."""
    offered: Mapping[str, Any] = {**context, **operator.op_kwargs}
    return operator.python_callable(
        *operator.op_args, **determine_kwargs(operator.python_callable, operator.op_args, offered)
    )


def ikigai_upload_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function a task that uploads what it returns.

    Parameters
    ----------
    python_callable : callable, optional
        Returns a pandas frame, an Arrow table, or the path of a CSV or Parquet file.
    **kwargs
        Those of `IkigaiUploadDatasetOperator` but ``path``, ``data`` and ``sql``.

    Examples
    --------
    >>> @task.ikigai_upload(app="Late flights", dataset="flights")
    ... def flights() -> pd.DataFrame:
    ...     return pd.read_csv("https://example.com/flights.csv")
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=_UploadDecoratedOperator, **kwargs
    )
