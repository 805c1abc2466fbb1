"""Download a file in ranges: several sections concurrently, each written to its place.

If the server does not support ranges, the file is downloaded as a whole.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ikigai_core.errors import AnswerLostError, DownloadError
from ikigai_core.logs import fields, get_logger, request_id_of
from ikigai_core.transfer.parts import TRY_AGAIN, UrlExpiredError
from ikigai_core.transfer.progress import Meter

logger = get_logger(__name__)

RANGE_SIZE = 8 << 20
FIRST_SIZE = 1 << 20
"""Size of the first range, whose answer contains the file's size. The others wait for it, so it is small."""
LARGEST = 1 << 44
"""Size in bytes from which a file is not requested in ranges. Its ranges alone would fill the memory."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
# A range of a compressed body is useless.
PLAIN = {"Accept-Encoding": "identity"}


class ChangedError(DownloadError):
    """The file changed after the download began."""


@dataclass(frozen=True)
class Range:
    """A section of a file, in bytes."""

    start: int
    size: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request for this range."""
        return {**PLAIN, "Range": f"bytes={self.start}-{self.start + self.size - 1}"}


FIRST = Range(0, FIRST_SIZE)


class DownloadTarget:
    """The target file of a download, and its missing ranges, so that another attempt can continue.

    Parameters
    ----------
    target : Path or callable
        The path; or a function that returns it, given the size in bytes, or None if the server does not send it.
    meter : Meter
    """

    def __init__(self, target: Path | Callable[[int | None], Path], meter: Meter) -> None:
        self.path = target if isinstance(target, Path) else Path()
        self._place = None if isinstance(target, Path) else target
        self.meter = meter
        self.size: int | None = None
        self._etag: str | None = None
        self._missing: set[Range] = set()
        self._lock = threading.Lock()

    @property
    def missing(self) -> list[Range]:
        """The ranges that have not arrived, in order."""
        return sorted(self._missing, key=lambda piece: piece.start)

    def arrival(self, where: str, status: int, headers: Mapping[str, str], piece: Range | None) -> Arrival:
        """A writer for the bytes of an answer. Accesses the disk.

        Parameters
        ----------
        where : str
            The address, without secrets.
        status, headers
            Status and headers of the answer.
        piece : Range, optional
            The requested range; None if the file's size is not known yet.

        Raises
        ------
        UrlExpiredError
            The storage does not accept the URL (any more).
        ChangedError
            The answer belongs to a different file than the previous one.
        DownloadError
            Transient if another attempt may help.
        """
        _log(status, headers)
        if status in (401, 403):
            raise UrlExpiredError(
                f"The storage does not accept the signed URL of the download from {where}: [{status}]"
            )
        if status not in (200, 206):
            transient = status >= 500 or status in TRY_AGAIN
            raise DownloadError(f"The storage refused the download from {where}: [{status}]", transient=transient)
        if headers.get("content-type", "").lower().startswith("text/html"):
            raise DownloadError(f"{where} answered with a web page instead of data: is it the page of a proxy?")
        if piece is None:
            return Arrival(self, self._begin(status, headers))
        expected = f"bytes {piece.start}-{piece.start + piece.size - 1}/{self.size}"
        if headers.get("content-range") != expected or headers.get("etag") != self._etag:
            raise ChangedError("The data changed while it was downloaded.")
        return Arrival(self, piece)

    def _begin(self, status: int, headers: Mapping[str, str]) -> Range | None:
        """Read the file's size from the first answer. Returns the answer's range, or None for the whole file."""
        told = _first_range(headers) if status == 206 else None
        if status == 206 and told is None:
            raise DownloadError("The storage answered with a part of the data that was not asked for.")
        size = _whole(told[3] if told else headers.get("content-length", ""))
        if self._place is not None:
            self.path = self._place(size)
        self.path.open("wb").close()
        if told is None:
            self.meter.begin(size or 0)
            return None
        first = Range(0, int(told[2]) + 1)
        self.size = int(told[3])
        self._etag = headers.get("etag")
        starts = range(first.size, self.size, RANGE_SIZE)
        self._missing = {first, *(Range(start, min(RANGE_SIZE, self.size - start)) for start in starts)}
        self.meter.begin(self.size)
        return first

    def arrived(self, piece: Range | None, size: int) -> None:
        """Record that a range, or the whole file, has arrived.

        Raises
        ------
        AnswerLostError
            The data are shorter than expected.
        """
        if piece is None:
            self.size = size
            return
        if size != piece.size:
            raise AnswerLostError(f"The answer broke off after {size} of {piece.size} bytes.")
        with self._lock:
            self._missing.discard(piece)

    def forget(self) -> None:
        """Start again: the data that have arrived are useless."""
        self.size, self._etag, self._missing = None, None, set()


def is_of_use(status: int, headers: Mapping[str, str]) -> bool:
    """True if an answer to the first range is usable. Otherwise the whole file must be requested."""
    if status == 206:
        # Without an ETag, nothing would tell that the data change between two ranges.
        is_usable = "etag" in headers and headers.get("content-encoding", "identity") == "identity"
        return is_usable and _first_range(headers) is not None
    # An empty file has no first range.
    return status != 416


def _first_range(headers: Mapping[str, str]) -> re.Match[str] | None:
    told = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    return told if told and told[1] == "0" and (_whole(told[3]) or LARGEST) < LARGEST else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _log(status: int, headers: Mapping[str, str]) -> None:
    level = logging.DEBUG if status in (200, 206) else logging.WARNING
    extra = fields(status=status, request_id=request_id_of(headers))
    logger.log(level, "The storage answered %d to a download", status, extra=extra)


class Arrival:
    """Writes an answer's bytes to their place in the file, and counts them. A context manager."""

    def __init__(self, target: DownloadTarget, piece: Range | None) -> None:
        self._landing = target
        self._piece = piece
        self._size = 0
        self._file = target.path.open("r+b")
        self._file.seek(piece.start if piece else 0)

    def write(self, chunk: bytes | bytearray) -> None:
        """Write the next bytes. Blocks on the disk."""
        self._file.write(chunk)
        self._size += len(chunk)
        self._landing.meter.add(len(chunk))

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._file.close()
        if kind is not None:
            self._landing.meter.add(-self._size)
        else:
            self._landing.arrived(self._piece, self._size)
