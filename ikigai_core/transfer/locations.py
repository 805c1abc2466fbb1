"""Remote files: URLs that fsspec reads and writes. No other module imports fsspec."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ikigai_core.errors import ConfigurationError, InvalidInputError, MissingFileError

BLOCK_SIZE = 1 << 20

_URL = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.IGNORECASE)
_PASSWORD = re.compile(r"//[^@/]*@")


def is_url(location: Path | str) -> bool:
    """True if a location is a URL (``s3://…``, ``https://…``) and not a path."""
    return isinstance(location, str) and _URL.match(location) is not None


def shown(location: Path | str) -> str:
    """A location without the secret parts of a URL: query, user and password."""
    text = str(location)
    return _PASSWORD.sub("//…@", text.split("?", 1)[0]) if is_url(text) else text


def local_target(location: Any, kind: str) -> Path:
    """The path of a file that can be created or overwritten.

    Raises
    ------
    InvalidInputError
        The location is not a path, or no file can be written there.
    """
    path = local_path(location, kind)
    if path.is_dir():
        raise InvalidInputError(f"{str(location)!r} is a directory: give the path of the {kind} file to write.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        why = "cannot be written to" if folder.is_dir() else "is no directory"
        raise InvalidInputError(f"{str(location)!r} cannot be written: {str(folder)!r} {why}.")
    return path


def local_path(location: Any, kind: str) -> Path:
    """The given path, with ``~`` expanded to the home directory.

    Raises
    ------
    InvalidInputError
        The location is not a path.
    """
    if not isinstance(location, str | os.PathLike) or not str(location) or "\0" in str(location):
        raise InvalidInputError(f"{location!r} is no path: give the path of a {kind} file, or a URL.")
    try:
        return Path(location).expanduser()
    except RuntimeError:
        # There is no such user, so the file's own name begins with ``~``.
        return Path(location)


def read_blocks(url: str) -> Iterator[bytes]:
    """Read the file at a URL, block by block.

    Raises
    ------
    ConfigurationError
        fsspec, or a package that it needs for this type of URL, is not installed.
    InvalidInputError
        The file does not exist or cannot be read.
    """
    with _opened(url, "rb") as file:
        while block := file.read(BLOCK_SIZE):
            yield block


def copy_to(path: Path, url: str) -> None:
    """Copy a local file to a URL. Raises the same errors as `read_blocks`."""
    with path.open("rb") as source, _opened(url, "wb") as target:
        while block := source.read(BLOCK_SIZE):
            target.write(block)


class _opened:
    """A file of fsspec. Its errors are reported without the secrets of the URL."""

    def __init__(self, url: str, mode: str) -> None:
        self._url = url
        self._mode = mode
        self._open: Any = None

    def __enter__(self) -> Any:
        try:
            import fsspec
        except ImportError:
            raise ConfigurationError(
                f"{shown(self._url)!r} is a URL, which needs fsspec: pip install 'ikigai-core[files]'."
            ) from None
        try:
            self._open = fsspec.open(self._url, self._mode)
            return self._open.__enter__()
        except Exception as error:
            raise self._told(error) from None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._open.__exit__(kind, error, trace)
        if isinstance(error, Exception):
            raise self._told(error) from None

    def _told(self, error: Exception) -> Exception:
        where = shown(self._url)
        if isinstance(error, ImportError):
            return ConfigurationError(f"{where!r} needs a package that is not installed: {error}")
        if isinstance(error, FileNotFoundError):
            return MissingFileError(f"The file {where!r} does not exist.")
        reason = str(error).replace(self._url, where).split("?", 1)[0]
        doing = "read" if self._mode == "rb" else "written"
        return InvalidInputError(f"The file {where!r} cannot be {doing} ({type(error).__name__}: {reason}).")
