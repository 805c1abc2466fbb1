"""The parts of a multipart upload.

The platform decides how many parts there are; the file is cut evenly, in the order of the parts' numbers.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ikigai_core.errors import TransferError, UploadError
from ikigai_core.logs import fields, request_id_of
from ikigai_core.transfer.progress import Meter
from ikigai_core.transfer.steps import SendParts

CHUNK_SIZE = 1024 * 1024
AT_ONCE = 8
"""Parts or ranges under way side by side. Each holds one chunk in memory, so a transfer needs a few MiB whatever its
size."""

TICKETS = 3
"""How often signed URLs are asked for, in one transfer, where they expire."""

TRY_AGAIN = frozenset({408, 425, 429})


logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """Another part failed, or the user gave up: there is no use in going on."""


class UrlExpiredError(TransferError):
    """The storage does not take a signed URL (any more): another one may help."""


@dataclass(frozen=True)
class Part:
    """A stretch of a file and the signed URL that it goes to.

    Attributes
    ----------
    number, count : int
        Which part of how many; numbers are the platform's.
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
        """The headers that the URL was signed for."""
        return {"Content-Type": self.content_type, "Cache-Control": "no-cache"}

    def open(self, stop: threading.Event | None = None) -> PartReader:
        """Open the file at the part, for one pass over it that ends with `StoppedError` once the event is set."""
        return PartReader(self, stop)


class PartReader(io.RawIOBase):
    """Reads one stretch of a file, and no further, and counts what it reads."""

    def __init__(self, part: Part, stop: threading.Event | None) -> None:
        super().__init__()
        self._file: BinaryIO = part.path.open("rb")
        self._file.seek(part.start)
        self._size = part.size
        self._left = part.size
        self._meter = part.meter
        self._stop = stop

    def __len__(self) -> int:
        return self._size

    def readable(self) -> bool:  # noqa: D102 - as in io
        return True

    def read(self, size: int = -1) -> bytes:  # noqa: D102 - as in io
        if self._stop is not None and self._stop.is_set():
            raise StoppedError
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        chunk = self._file.read(wanted)
        self._left -= len(chunk)
        self._meter.add(len(chunk))
        return chunk

    def tell(self) -> int:  # noqa: D102 - as in io
        # requests takes a stream that cannot tell for one that is already read.
        return self._size - self._left

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None:
            # It has to be sent again.
            self._meter.add(self._left - self._size)
        self.close()

    def close(self) -> None:  # noqa: D102 - as in io
        self._file.close()
        super().close()


def cut(step: SendParts) -> list[Part]:
    """Cut a file into the parts that its URLs ask for, and leave out those that have arrived."""
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
    """The ETags that are the MD5 of what a file's parts hold now.

    Storages make them so, but for those that encrypt in certain ways: parts there count as not arrived.

    Parameters
    ----------
    path : Path
    numbers : iterable of int
        Of all parts.
    etags : mapping
        By the number of the part.
    """
    stretches = _stretches(path.stat().st_size, numbers)
    with path.open("rb") as file:
        return {
            number: etag
            for number, etag in etags.items()
            if number in stretches and _md5(file, *stretches[number]) == etag.strip('"').lower()
        }


def _stretches(size: int, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Where each part begins and how long it is: ``ceil(size / number of parts)`` bytes, in the order of numbers."""
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
    """The ETag of a part that was put.

    Raises
    ------
    UrlExpiredError
        The storage does not take the URL (any more).
    UploadError
        Unless the answer is exactly 200 with an ETag; transient where another try may help.
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
