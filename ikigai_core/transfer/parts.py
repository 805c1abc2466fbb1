"""The parts of a multipart upload.

The platform chooses the number of parts. The file is divided evenly, in the order of the parts' numbers.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ikigai_core.errors import TransferError, UploadError
from ikigai_core.logs import fields, get_logger, request_id_of
from ikigai_core.transfer.progress import Meter
from ikigai_core.transfer.steps import SendParts

CHUNK_SIZE = 1024 * 1024
AT_ONCE = 8
"""Maximum number of concurrent parts or ranges. Each needs one chunk of memory, so a transfer of any size needs only a
few MiB."""

TICKETS = 3
"""Maximum number of requests for signed URLs in one transfer, if they expire."""

TRY_AGAIN = frozenset({408, 425, 429})


logger = get_logger(__name__)


class StoppedError(Exception):
    """Another part failed, or the user interrupted: this part stops."""


class UrlExpiredError(TransferError):
    """The storage does not accept a signed URL (any more). A new URL may help."""


@dataclass(frozen=True)
class Part:
    """A section of a file, and the signed URL for it.

    Attributes
    ----------
    number, count : int
        Number of the part, and number of all parts. The platform assigns the numbers.
    start, size : int
        Bytes.
    """

    path: Path
    url: str = field(repr=False)
    number: int
    count: int
    start: int
    size: int
    content_type: str
    meter: Meter = field(repr=False)

    def __str__(self) -> str:
        return f"part {self.number} of {self.count} of {self.path.name}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the URL was signed with."""
        return {"Content-Type": self.content_type, "Cache-Control": "no-cache"}

    def open(self, stop: threading.Event | None = None, on_read: Callable[[int], object] | None = None) -> PartReader:
        """Open the file at the part, for one pass.

        Parameters
        ----------
        stop : threading.Event, optional
            Reading raises `StoppedError` when it is set.
        on_read : callable, optional
            Called with the number of bytes of each read.
        """
        return PartReader(self, stop, on_read)


class PartReader(io.RawIOBase):
    """Reads one section of a file, and counts the bytes."""

    def __init__(
        self, part: Part, stop: threading.Event | None, on_read: Callable[[int], object] | None = None
    ) -> None:
        super().__init__()
        self._path = part.path
        try:
            self._file: BinaryIO = part.path.open("rb")
        except FileNotFoundError:
            raise changed(part.path) from None
        self._file.seek(part.start)
        self._size = part.size
        self._left = part.size
        self._meter = part.meter
        self._stop = stop
        self._on_read = on_read

    def __len__(self) -> int:
        return self._size

    def readable(self) -> bool:  # noqa: D102 - as in io
        return True

    def read(self, size: int = -1) -> bytes:  # noqa: D102 - as in io
        if self._stop is not None and self._stop.is_set():
            raise StoppedError
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        chunk = self._file.read(wanted)
        if wanted and not chunk:
            raise changed(self._path)
        self._left -= len(chunk)
        self._meter.add(len(chunk))
        if self._on_read is not None:
            self._on_read(len(chunk))
        return chunk

    def tell(self) -> int:  # noqa: D102 - as in io
        # requests considers a stream without a position as already read.
        return self._size - self._left

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None:
            # The part must be sent again.
            self._meter.add(self._left - self._size)
        self.close()

    def close(self) -> None:  # noqa: D102 - as in io
        self._file.close()
        super().close()


def changed(path: Path) -> UploadError:
    """The error about a file that is not the same any more: its parts would not fit together."""
    return UploadError(f"The file {path.name} changed while it was uploaded: upload it when nothing writes to it.")


def cut(step: SendParts) -> list[Part]:
    """Divide a file into the parts of its URLs, without the parts that have arrived."""
    size = step.path.stat().st_size
    step.meter.begin(size)
    parts = []
    for number, (start, stretch) in _stretches(size, step.urls).items():
        if number in step.done:
            step.meter.add(stretch)
        else:
            url, count = step.urls[number], len(step.urls)
            parts.append(Part(step.path, url, number, count, start, stretch, step.content_type, step.meter))
    return parts


def still_true(path: Path, numbers: Iterable[int], etags: Mapping[int, str]) -> dict[int, str]:
    """Select the ETags that are still the MD5 of the file's parts.

    Most storages use the MD5, except with some types of encryption. There, parts are considered not to have arrived.

    Parameters
    ----------
    path : Path
    numbers : iterable of int
        Numbers of all parts.
    etags : mapping
        ETags by the number of the part.
    """
    stretches = _stretches(path.stat().st_size, numbers)
    with path.open("rb") as file:
        return {
            number: etag
            for number, etag in etags.items()
            if number in stretches and _md5(file, *stretches[number]) == etag.strip('"').lower()
        }


def _stretches(size: int, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
    """The start and the size of each part: ``ceil(size / number of parts)`` bytes, in the order of numbers."""
    ordered = sorted(numbers)
    each = math.ceil(size / len(ordered))
    starts = {number: min(index * each, size) for index, number in enumerate(ordered)}
    return {number: (start, min(each, size - start)) for number, start in starts.items()}


def _md5(file: BinaryIO, start: int, size: int) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    file.seek(start)
    while size and (chunk := file.read(min(size, CHUNK_SIZE))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()


def read_etag(part: Part, status: int, headers: Mapping[str, str], text: str) -> str:
    """The ETag of an uploaded part.

    Raises
    ------
    UrlExpiredError
        The storage does not accept the URL (any more).
    UploadError
        The answer is not 200 with an ETag. Transient if another attempt may help.
    """
    _log(part, status, headers)
    said = " ".join(text.split())[:300]
    if status in (401, 403):
        raise UrlExpiredError(f"The storage does not accept the signed URL of {part}: [{status}] {said}")
    if status != 200:
        transient = status >= 500 or status in TRY_AGAIN
        raise UploadError(f"The storage refused {part}: [{status}] {said}", transient=transient)
    etag = headers.get("ETag")
    if not etag:
        raise UploadError(f"The storage accepted {part}, but gave no ETag for it.")
    return etag


def _log(part: Part, status: int, headers: Mapping[str, str]) -> None:
    logger.log(
        logging.DEBUG if status == 200 else logging.WARNING,
        "The storage answered %d to %s",
        status,
        part,
        extra=fields(status=status, request_id=request_id_of(headers), part=part.number, size=part.size),
    )
