"""Files for uploads and downloads: on the worker, in an object storage, or with the result of a query."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException

_ROWS_AT_A_TIME = 10_000
_BLOCK_SIZE = 1 << 20


def as_text(path: Any) -> Any:
    """Return a path as a string, which templates need, and other values unchanged."""
    if isinstance(path, os.PathLike):
        return os.fspath(path)
    return str(path) if hasattr(path, "read_bytes") else path


def is_url(path: str) -> bool:
    """Return True for one of Airflow's object storage paths, such as ``s3://my_aws_conn@bucket/key``."""
    return "://" in path


@contextmanager
def fetched(path: str) -> Iterator[Path]:
    """Provide a local file for a path: the file itself, or a copy of the file in an object storage.

    Raises
    ------
    AirflowFailException
        There is no such file.
    """
    if not is_url(path):
        if not Path(path).is_file():
            raise AirflowFailException(f"There is no file {path!r} on this worker to upload.")
        yield Path(path)
        return
    from airflow.sdk import ObjectStoragePath

    source: Any = ObjectStoragePath(path)
    with TemporaryDirectory(prefix="airflow-ikigai-") as folder:
        copy = Path(folder) / PurePosixPath(source.name).name
        try:
            with source.open("rb") as remote, copy.open("wb") as local:
                shutil.copyfileobj(remote, local, _BLOCK_SIZE)
        except FileNotFoundError:
            raise AirflowFailException(f"There is no file {path!r} to upload.") from None
        yield copy


@contextmanager
def queried(sql: str, conn_id: str, parameters: Mapping[str, Any] | Sequence[Any] | None) -> Iterator[Path]:
    """Provide a local CSV file with the result of a query. It is written a few thousand rows at a time.

    Parameters
    ----------
    sql : str
        One statement that returns rows.
    conn_id : str
        Connection of a database whose hook is a `DbApiHook`.
    parameters : mapping or sequence, optional
        The statement's.

    Raises
    ------
    AirflowFailException
        The connection is not that of a database, or the statement returns no rows.
    """
    hook = BaseHook.get_hook(conn_id)
    if not hasattr(hook, "get_conn") or not hasattr(hook, "get_df"):
        raise AirflowFailException(f"Connection {conn_id!r} is of type {hook.conn_type!r}, which cannot run queries.")
    with (
        TemporaryDirectory(prefix="airflow-ikigai-") as folder,
        closing(hook.get_conn()) as connection,
        closing(connection.cursor()) as cursor,
    ):
        cursor.execute(sql, parameters) if parameters is not None else cursor.execute(sql)
        if cursor.description is None:
            raise AirflowFailException(f"The statement returns no rows to upload: {sql!r}")
        path = Path(folder) / "query.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(column[0] for column in cursor.description)
            while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
                writer.writerows(rows)
        yield path


@contextmanager
def stored(path: str) -> Iterator[Path]:
    """Provide a local path for writing. After the block, the file is at the given path.

    Parameters
    ----------
    path : str
        A path on the worker, whose folder is created if necessary, or one of Airflow's object storage paths.
    """
    if not is_url(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        yield Path(path)
        return
    from airflow.sdk import ObjectStoragePath

    target: Any = ObjectStoragePath(path)
    with TemporaryDirectory(prefix="airflow-ikigai-") as folder:
        local = Path(folder) / PurePosixPath(target.name).name
        yield local
        with local.open("rb") as file, target.open("wb") as remote:
            shutil.copyfileobj(file, remote, _BLOCK_SIZE)
