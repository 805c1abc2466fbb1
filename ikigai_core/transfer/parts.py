"""The parts of a multipart upload.

The platform decides how many parts there are; the file is cut evenly, in the order of the parts' numbers.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ikigai_core.errors import DownloadFailed, UploadFailed
from ikigai_core.procedure import SendParts

CHUNK_SIZE = 1024 * 1024
PARTS_AT_ONCE = 4
"""Parts under way side by side. Each holds one chunk in memory, so an upload needs a few MiB whatever its size."""

_TRY_AGAIN = frozenset({408, 425, 429})


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

    def __str__(self) -> str:
        return f"part {self.number} of {self.count} of {self.path.name}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the URL was signed for."""
        return {"Content-Type": self.content_type, "Cache-Control": "no-cache"}

    def open(self) -> PartReader:
        """Open the file at the part, for one pass over it."""
        return PartReader(self.path, self.start, self.size)


class PartReader(io.RawIOBase):
    """Reads one stretch of a file, and no further."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        super().__init__()
        self._file: BinaryIO = path.open("rb")
        self._file.seek(start)
        self._size = size
        self._left = size

    def __len__(self) -> int:
        return self._size

    def readable(self) -> bool:  # noqa: D102 - as in io
        return True

    def read(self, size: int = -1) -> bytes:  # noqa: D102 - as in io
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        chunk = self._file.read(wanted)
        self._left -= len(chunk)
        return chunk

    def tell(self) -> int:  # noqa: D102 - as in io
        # requests takes a stream that cannot tell for one that is already read.
        return self._size - self._left

    def close(self) -> None:  # noqa: D102 - as in io
        self._file.close()
        super().close()


def cut(step: SendParts) -> Iterator[Part]:
    """Cut a file into the parts that its URLs ask for: ``ceil(size / number of urls)`` bytes each."""
    size = step.path.stat().st_size
    count = len(step.urls)
    each = math.ceil(size / count)
    for index, (number, url) in enumerate(sorted(step.urls.items())):
        start = min(index * each, size)
        yield Part(step.path, url, number, count, start, min(each, size - start), step.content_type)


def read_etag(part: Part, status: int, etag: str | None, text: str) -> str:
    """The ETag of a part that was put.

    Raises
    ------
    UploadFailed
        Unless the answer is exactly 200 with an ETag; transient where another try may help.
    """
    if status != 200:
        said = " ".join(text.split())[:300]
        transient = status >= 500 or status in _TRY_AGAIN
        raise UploadFailed(f"The storage refused {part}: [{status}] {said}", transient=transient)
    if not etag:
        raise UploadFailed(f"The storage accepted {part}, but gave no ETag for it.")
    return etag


def check_download(where: str, status: int) -> None:
    """Raise `DownloadFailed` unless a download's status is 200."""
    if status != 200:
        transient = status >= 500 or status in _TRY_AGAIN
        raise DownloadFailed(f"The storage refused the download from {where}: [{status}]", transient=transient)
