"""Operators that bring data to the platform and back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.errors import failing_the_task
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class IkigaiUploadDatasetOperator(IkigaiBaseOperator):
    """Upload a CSV file as a dataset, or replace the data of the dataset of that name.

    Doing it again is safe: what is on the platform already is not created a second time.

    Parameters
    ----------
    app : str
        Name of the app that holds the dataset.
    dataset : str
        Name of the dataset.
    path : str or path
        CSV file, on the worker.
    create_app : bool, default False
        Create the app where there is none of that name.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``dataset_id``, ``dataset`` (its name) and ``changes``, what was done: ``["created"]``,
        ``["data"]``, …
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "app", "dataset", "path")

    def __init__(
        self, *, app: str, dataset: str, path: str | os.PathLike[str], create_app: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.app = app
        self.dataset = dataset
        self.path = os.fspath(path)
        self.create_app = create_app

    def execute(self, context: Context) -> dict[str, Any]:
        """Upload the file.

        Raises
        ------
        AirflowFailException
            Where there is no such file (nothing is sent then), where the platform refuses the data, and for everything
            else that would fail again.
        """
        if not Path(self.path).is_file():
            raise AirflowFailException(f"There is no file {self.path!r} on this worker to upload as {self.dataset!r}.")
        with failing_the_task(), self.hook.get_conn() as ikigai:
            app = ikigai.app.new(self.app).ensure() if self.create_app else ikigai.apps[self.app]
            dataset = app.dataset.new(self.dataset).csv(self.path).ensure()
        self.log.info("Dataset %r: %s", dataset.name, ", ".join(dataset.changes) or "nothing to do")
        return {
            "app_id": dataset.app_id,
            "dataset_id": dataset.dataset_id,
            "dataset": dataset.name,
            "changes": list(dataset.changes),
        }


class IkigaiDownloadDatasetOperator(IkigaiBaseOperator):
    """Download a dataset into a CSV file.

    Parameters
    ----------
    app : str
        Name of the app that holds the dataset.
    dataset : str
        Name of the dataset.
    path : str or path
        File on the worker, replaced at once when all of the data is there; its folder is made where it is missing.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``dataset_id``, ``dataset`` (its name) and ``path``.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "app", "dataset", "path")

    def __init__(self, *, app: str, dataset: str, path: str | os.PathLike[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.app = app
        self.dataset = dataset
        self.path = os.fspath(path)

    def execute(self, context: Context) -> dict[str, Any]:
        """Download the dataset.

        Raises
        ------
        AirflowFailException
            Where there is no such dataset, and for everything else that would fail again.
        """
        with failing_the_task(), self.hook.get_conn() as ikigai:
            dataset = ikigai.apps[self.app].datasets[self.dataset]
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            path = dataset.to_csv(self.path)
        self.log.info("Dataset %r is in %s", dataset.name, path)
        return {
            "app_id": dataset.app_id,
            "dataset_id": dataset.dataset_id,
            "dataset": dataset.name,
            "path": str(path),
        }
