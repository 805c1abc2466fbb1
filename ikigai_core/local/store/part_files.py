"""Parts of uploads as files.

A part goes to its place in one file, which thus becomes the whole without being copied. A place is written by one
request at a time, and never again after its part was taken: somebody may read it. A part that comes again or side by
side with itself, or has not the size that is expected, gets a file of its own; then the parts are joined in the end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ikigai_core.local.store.files import Files
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.uploads import Part, Upload, Uploads

WHOLE = "whole"
"""The file in an upload's folder with the parts that are in their places."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class ArrivingPart:
    """A part that is being received. `file` is open where its at most `most` bytes go; `name` is that of the file."""

    upload: Upload
    number: int
    name: str
    file: BinaryIO
    most: int


class PartFiles:
    """Takes parts, and makes whole files of them."""

    def __init__(self, files: Files, uploads: Uploads) -> None:
        self._files = files
        self._uploads = uploads
        # Upload and number of the parts whose place is being written.
        self._written: set[tuple[str, int]] = set()

    def begin(self, upload_id: str, number: int, size: int | None) -> ArrivingPart:
        """Begin to take a part; `keep` or `discard` has to follow. 404 if there is no such upload, or it is not open.

        Parameters
        ----------
        size
            Its announced size in bytes; None if it was not announced.
        """
        with self._uploads.held_open(upload_id) as upload:
            folder = self._files.upload(upload_id)
            folder.mkdir(exist_ok=True)
            start, expected = upload.stretch(number)
            is_free = (upload_id, number) not in self._written and self._uploads.part(upload_id, number) is None
            if size != expected or not is_free:
                name = f"{number}-{new_id()}"
                return ArrivingPart(upload, number, name, _open(folder / name, 0), upload.file_size)
            file = _open(folder / WHOLE, start)
            self._written.add((upload_id, number))
            return ArrivingPart(upload, number, WHOLE, file, expected)

    def keep(self, arriving: ArrivingPart, size: int, etag: str) -> Part:
        """Take a part that has arrived in place of an earlier one; return what is there. 404 as `begin`."""
        arriving.file.close()
        upload_id, number = arriving.upload.upload_id, arriving.number
        part = Part(new_id(), upload_id, number, size, etag, arriving.name)
        with self._uploads.held_open(upload_id):
            before = self._uploads.part(upload_id, number)
            is_known = before is not None and (before.size, before.etag) == (size, etag)
            if not is_known:
                self._uploads.put_part(part)
        if before is not None and is_known:
            # The client did not hear that it had arrived.
            self.discard(arriving)
            return before
        self._written.discard((upload_id, number))
        if before is not None and before.file != WHOLE:
            (self._files.upload(upload_id) / before.file).unlink(missing_ok=True)
        return part

    def discard(self, arriving: ArrivingPart) -> None:
        """Forget a part that has not arrived, or that nobody needs."""
        arriving.file.close()
        upload_id = arriving.upload.upload_id
        if arriving.name == WHOLE:
            self._written.discard((upload_id, arriving.number))
        else:
            (self._files.upload(upload_id) / arriving.name).unlink(missing_ok=True)

    def join(self, upload: Upload, parts: Mapping[int, Part]) -> Path:
        """Make a new data file of all parts; return its path. The parts stay."""
        folder = self._files.upload(upload.upload_id)
        target = self._files.new_data()
        if all(part.file == WHOLE for part in parts.values()):
            os.link(folder / WHOLE, target)
            return target
        with target.open("wb") as joined:
            for number, part in sorted(parts.items()):
                start = upload.stretch(number)[0] if part.file == WHOLE else 0
                _append(folder / part.file, start, part.size, joined)
        return target


def _open(path: Path, start: int) -> BinaryIO:
    """Open a file, new or not, to write from `start` on."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666), "wb")
    file.seek(start)
    return file


def _append(path: Path, start: int, size: int, target: BinaryIO) -> None:
    with path.open("rb") as source:
        source.seek(start)
        if sys.platform == "linux":
            # The kernel copies the data directly, which is faster.
            while size and (copied := os.sendfile(target.fileno(), source.fileno(), None, size)):
                size -= copied
        else:
            while size and (block := source.read(min(size, _BLOCK))):
                target.write(block)
                size -= len(block)
