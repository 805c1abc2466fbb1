"""Tasks that transfer data to and from the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ikigai_core.orchestration import ensured_result
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.dataset_profile import Profile, preview
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks.making import async_version, ikigai_task
from prefect_ikigai.transfers import Data, Location, download, read, upload

if TYPE_CHECKING:
    import pandas

    from ikigai_core.orchestration import AnyClient
    from ikigai_core.procedure import Procedure


@ikigai_task("upload {dataset}")
def upload_dataset(
    credentials: IkigaiCredentials, app: str, dataset: str, data: Data, *, create_app: bool = False
) -> Operation[dict[str, Any]]:
    """Upload a file or a frame as a dataset, or replace the data of the dataset of that name.

    Repeating it is safe: it creates nothing twice.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name of the dataset.
    data : str, path, frame or table
        A CSV or Parquet file, its URL (``s3://…`` or any other that fsspec reads), a pandas frame, or any object with
        the Arrow stream interface, for example a polars frame or a pyarrow table.
    create_app : bool, default False
        Create the app if there is none of that name.

    Returns
    -------
    dict
        ``app_id``, ``dataset_id``, ``dataset`` (its name) and ``changes``, the list of changes: ``["created"]``,
        ``["data"]``, …

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        The file does not exist or is empty. Nothing was sent.
    ikigai_core.errors.NotFoundError
        There is no such app.
    ikigai_core.errors.UploadError
        The platform refuses the data.
    """
    return Operation(credentials, lambda ikigai: _uploaded(ikigai, app, dataset, data, create_app))


aupload_dataset = async_version(upload_dataset)


@ikigai_task("download {dataset}")
def download_dataset(credentials: IkigaiCredentials, app: str, dataset: str, path: Location) -> Operation[Path | str]:
    """Download a dataset into a file.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name or id of the dataset.
    path : str or path
        The file, or a URL that fsspec can write to. The format is Parquet if the name ends in ``.parquet``, otherwise
        CSV. The file is replaced atomically after the download is complete. A missing folder is created.

    Returns
    -------
    Path or str
        The file, or the given URL.

    Raises
    ------
    ikigai_core.errors.NotFoundError
        There is no such app or dataset.
    ikigai_core.errors.DownloadError
        The download fails.
    """
    return Operation(credentials, lambda ikigai: download(ikigai, app, dataset, path))


adownload_dataset = async_version(download_dataset)


@ikigai_task("read {dataset}")
def read_dataset(credentials: IkigaiCredentials, app: str, dataset: str) -> Operation[pandas.DataFrame]:
    """Download a dataset as a frame.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name or id of the dataset.

    Returns
    -------
    pandas.DataFrame
        The whole dataset, in memory. Use `download_dataset` if it does not fit.

    Raises
    ------
    ikigai_core.errors.NotFoundError
        There is no such app or dataset.
    ikigai_core.errors.DownloadError
        The download fails.
    """
    return Operation(credentials, lambda ikigai: read(ikigai, app, dataset))


aread_dataset = async_version(read_dataset)


@ikigai_task("preview {dataset}")
def preview_dataset(credentials: IkigaiCredentials, app: str, dataset: str, rows: int = 10) -> Operation[Profile]:
    """Show the first rows of a dataset as a table artifact, and count its rows.

    The rows are stored on Prefect's server. All users of the server can see them.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name or id of the dataset.
    rows : int, default 10
        Number of rows to show. To count them, all rows are downloaded and read in bounded memory.

    Returns
    -------
    Profile
        ``row_count``, ``columns`` (types by name) and ``rows`` (the first rows, as strings by column).

    Raises
    ------
    ikigai_core.errors.NotFoundError
        There is no such app or dataset.
    ikigai_core.errors.DownloadError
        The download fails.
    """
    return Operation(credentials, lambda ikigai: preview(ikigai, app, dataset, rows))


apreview_dataset = async_version(preview_dataset)


def _uploaded(ikigai: AnyClient, app: str, dataset: str, data: Data, create_app: bool) -> Procedure[dict[str, Any]]:
    return ensured_result((yield from upload(ikigai, app, dataset, data, create_app=create_app)))
