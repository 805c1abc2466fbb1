"""Tasks that bring data to the platform and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ikigai_core.errors import InvalidInput
from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.logs import current_logger
from prefect_ikigai.tasks import ikigai_task

if TYPE_CHECKING:
    import pandas

    from ikigai_core import AsyncDataset, Dataset

CsvPath: TypeAlias = str | Path


@ikigai_task("upload {dataset}")
def upload_dataset(
    credentials: IkigaiCredentials,
    app: str,
    dataset: str,
    data: CsvPath | pandas.DataFrame,
    *,
    create_app: bool = False,
) -> dict[str, Any]:
    """Upload a CSV file or a frame as a dataset, or replace the data of the dataset of that name.

    Doing it again is safe: what is on the platform already is not created a second time.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the dataset.
    dataset : str
        Name of the dataset.
    data : str, path or pandas.DataFrame
        CSV file, or the frame itself.
    create_app : bool, default False
        Create the app where there is none of that name.

    Returns
    -------
    dict
        ``app_id``, ``dataset_id``, ``dataset`` (its name) and ``changes``, what was done: ``["created"]``,
        ``["data"]``, …

    Raises
    ------
    ikigai_core.errors.InvalidInput
        Where there is no such file. Nothing was sent.
    ikigai_core.errors.NotFound
        Where there is no such app.
    ikigai_core.errors.UploadFailed
        Where the platform refuses the data.
    """
    _check_file(data, dataset)
    with credentials.get_client() as ikigai:
        home = ikigai.app.new(app).ensure() if create_app else ikigai.apps[app]
        builder = home.dataset.new(dataset)
        filled = builder.csv(data) if isinstance(data, CsvPath) else builder.df(data)
        return _uploaded(filled.ensure())


@ikigai_task("upload {dataset}")
async def aupload_dataset(
    credentials: IkigaiCredentials,
    app: str,
    dataset: str,
    data: CsvPath | pandas.DataFrame,
    *,
    create_app: bool = False,
) -> dict[str, Any]:
    """Async twin of `upload_dataset`."""
    _check_file(data, dataset)
    async with credentials.get_async_client() as ikigai:
        home = await ikigai.app.new(app).ensure() if create_app else await ikigai.apps[app]
        builder = home.dataset.new(dataset)
        filled = builder.csv(data) if isinstance(data, CsvPath) else builder.df(data)
        return _uploaded(await filled.ensure())


@ikigai_task("download {dataset}")
def download_dataset(credentials: IkigaiCredentials, app: str, dataset: str, path: CsvPath) -> Path:
    """Download a dataset into a CSV file.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the dataset.
    dataset : str
        Name of the dataset.
    path : str or path
        The file, replaced at once when all of the data is there; its folder is made where it is missing.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ikigai_core.errors.NotFound
        Where there is no such app or dataset.
    ikigai_core.errors.DownloadFailed
        Where the data does not come through.
    """
    file = _with_folder(path)
    with credentials.get_client() as ikigai:
        ikigai.apps[app].datasets[dataset].to_csv(file)
    return _downloaded(dataset, file)


@ikigai_task("download {dataset}")
async def adownload_dataset(credentials: IkigaiCredentials, app: str, dataset: str, path: CsvPath) -> Path:
    """Async twin of `download_dataset`."""
    file = _with_folder(path)
    async with credentials.get_async_client() as ikigai:
        found = await (await ikigai.apps[app]).datasets[dataset]
        await found.to_csv(file)
    return _downloaded(dataset, file)


@ikigai_task("read {dataset}")
def read_dataset(credentials: IkigaiCredentials, app: str, dataset: str) -> pandas.DataFrame:
    """Download a dataset as a frame.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the dataset.
    dataset : str
        Name of the dataset.

    Returns
    -------
    pandas.DataFrame
        All of it, in memory; `download_dataset` is for what does not fit.

    Raises
    ------
    ikigai_core.errors.NotFound
        Where there is no such app or dataset.
    ikigai_core.errors.DownloadFailed
        Where the data does not come through.
    """
    with credentials.get_client() as ikigai:
        return ikigai.apps[app].datasets[dataset].df()


@ikigai_task("read {dataset}")
async def aread_dataset(credentials: IkigaiCredentials, app: str, dataset: str) -> pandas.DataFrame:
    """Async twin of `read_dataset`."""
    async with credentials.get_async_client() as ikigai:
        found = await (await ikigai.apps[app]).datasets[dataset]
        return await found.df()


def _check_file(data: object, dataset: str) -> None:
    if isinstance(data, CsvPath) and not Path(data).is_file():
        raise InvalidInput(
            f"There is no file {str(data)!r} to upload as dataset {dataset!r} (looked from {Path.cwd()})."
        )


def _uploaded(dataset: Dataset | AsyncDataset) -> dict[str, Any]:
    current_logger().info("Dataset %r: %s", dataset.name, ", ".join(dataset.changes) or "nothing to do")
    return {
        "app_id": dataset.app_id,
        "dataset_id": dataset.dataset_id,
        "dataset": dataset.name,
        "changes": list(dataset.changes),
    }


def _with_folder(path: CsvPath) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _downloaded(dataset: str, path: Path) -> Path:
    current_logger().info("Dataset %r is in %s (%d bytes)", dataset, path, path.stat().st_size)
    return path
