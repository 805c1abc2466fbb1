"""Operators that bring data to the platform and back."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.assets import emit
from airflow_provider_ikigai.files import as_text, fetched, queried, stored
from airflow_provider_ikigai.links import IkigaiDatasetLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from airflow_provider_ikigai.transfer_log import TransferLog
from ikigai_core.orchestration import component_result, ensured_result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ikigai_core import App, Dataset, Ikigai

_SOURCES = ("path", "data", "sql")


class _DatasetOperator(IkigaiBaseOperator):
    """An operator that moves one dataset's data."""

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "dataset")
    operator_extra_links: Collection[BaseOperatorLink] = (
        *IkigaiBaseOperator.operator_extra_links,
        IkigaiDatasetLink(),
    )

    def __init__(self, *, dataset: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset


class IkigaiUploadDatasetOperator(_DatasetOperator):
    """Upload a dataset, or replace the data of the dataset of that name.

    Repeating is safe: an existing dataset is not created a second time, and equal data are not sent again.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name of the dataset.
    path : str or path, optional
        CSV or Parquet (``.parquet``, ``.pq``) file: on the worker, or in an object storage that Airflow knows, such as
        ``s3://my_aws_conn@bucket/key.csv``.
    data : DataFrame, Arrow table or XComArg, optional
        A pandas frame or any object with an Arrow stream, for example the result of another task.
    sql : str or path, optional
        A statement that returns the data, or a ``.sql`` file with one. It runs on the connection `sql_conn_id`.
    sql_conn_id : str, optional
        Connection of a database, of any type whose hook is a `DbApiHook`.
    parameters : mapping or sequence, optional
        Parameters of the statement.
    create_app : bool, default False
        Create the app if there is none of that name.
    count_rows_up_to : float, default 10 MB
        Size in bytes up to which the data's rows are counted for asset events and lineage, if the task has outlets
        or OpenLineage is on. The platform does not know the number of rows, so the data are downloaded.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`. An outlet that is this dataset
        (``outlets=[dataset_asset(app, dataset)]``) gets the dataset's figures as its event's extra.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``dataset_id``, ``dataset`` (its name), ``size`` (bytes) and ``changes``, what was done:
        ``["created"]``, ``["data"]`` or nothing.
    """

    template_fields: Sequence[str] = (
        *_DatasetOperator.template_fields,
        "path",
        "data",
        "sql",
        "sql_conn_id",
        "parameters",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    template_ext: Sequence[str] = (".sql",)

    def __init__(
        self,
        *,
        path: str | os.PathLike[str] | None = None,
        data: Any = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        create_app: bool = False,
        count_rows_up_to: float = 10e6,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = as_text(path)
        self.data = data
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.create_app = create_app
        self.count_rows_up_to = count_rows_up_to

    def execute(self, context: Context) -> dict[str, Any]:
        """Upload the data.

        Raises
        ------
        AirflowFailException
            There is no such file (nothing is sent then), or the platform refuses the data; and everything else that
            would fail again.
        """
        with self._source() as data, self.connected(context, create_app=self.create_app) as (ikigai, app):
            self._lineage = lineage.Lineage(app.name, outputs=[lineage.Named(self.dataset)])
            builder = app.dataset.new(self.dataset).data(data)
            dataset = builder.ensure(on_progress=TransferLog(self.log))
            IkigaiDatasetLink().push(context, dataset)
            self.log.info("Dataset %r: %s", dataset.name, ", ".join(dataset.changes) or "nothing to do")
            self._tell(context, ikigai, app, dataset)
        return {**ensured_result(dataset), "size": dataset.size}

    @contextmanager
    def _source(self) -> Iterator[Any]:
        """Yield the data to upload: a file's path, or data in memory."""
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise AirflowFailException(
                f"Task {self.task_id!r} uploads dataset {self.dataset!r} from {' and '.join(given) or 'nothing'}: "
                f"give exactly one of {', '.join(_SOURCES)}."
            )
        if self.path is not None:
            with fetched(self.path) as file:
                yield file
        elif self.sql is not None:
            if self.sql_conn_id is None:
                raise AirflowFailException(f"Task {self.task_id!r} has sql, and no sql_conn_id that says where.")
            with queried(self.sql, self.sql_conn_id, self.parameters) as file:
                yield file
        else:
            yield self.data

    def _tell(self, context: Context, ikigai: Ikigai, app: App, dataset: Dataset) -> None:
        if not self.outlets and not lineage.is_wanted():
            return
        from ikigai_core.orchestration import profile_dataset

        profile = ikigai.run(profile_dataset(dataset, size_limit=self.count_rows_up_to))
        self._lineage = lineage.Lineage(app.name, outputs=[profile])
        emit(context, self.outlets, app.name, [profile], {})


class IkigaiDownloadDatasetOperator(_DatasetOperator):
    """Download a dataset into a CSV or Parquet file.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name or id of the dataset.
    path : str or path
        File on the worker, or an object storage path of Airflow, such as ``s3://my_aws_conn@bucket/key.csv``. The file
        is replaced only when all data have arrived. A missing folder is created. A name that ends in ``.parquet`` or
        ``.pq`` makes it a Parquet file.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``dataset_id``, ``dataset`` (its name) and ``path``.
    """

    template_fields: Sequence[str] = (*_DatasetOperator.template_fields, "path")

    def __init__(self, *, path: str | os.PathLike[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = as_text(path)

    def execute(self, context: Context) -> dict[str, Any]:
        """Download the dataset.

        Raises
        ------
        AirflowFailException
            There is no such dataset; and everything else that would fail again.
        """
        from ikigai_core.orchestration import DatasetProfile

        with self.connected(context) as (_, app):
            dataset = app.datasets.find(self.dataset)
            IkigaiDatasetLink().push(context, dataset)
            self._lineage = lineage.Lineage(app.name, inputs=[DatasetProfile.of(dataset)])
            with stored(self.path) as file:
                is_parquet = file.suffix.lower() in (".parquet", ".pq")
                fetch = dataset.to_parquet if is_parquet else dataset.to_csv
                fetch(file, on_progress=TransferLog(self.log))
        self.log.info("Dataset %r is in %s", dataset.name, self.path)
        return {**component_result(dataset), "path": self.path}
