"""Journals of uploads on disk. With them, a later process can resume an upload whose process was killed.

There is one file for each dataset that is being uploaded in several parts. It is deleted when the upload ends,
unless a transient error ended it. Its first line describes the upload, and each further line a part that the storage
has acknowledged.

The file contains the parts' signed URLs, which the platform issues only once. Only its owner may read it, and it is
useless after they expire.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from ikigai_core.api.answers import Record
from ikigai_core.api.datasets import UploadTicket

VERSION = 1
LIFETIME = 7 * 24 * 3600.0
"""Seconds after which a journal is deleted unread: no signed URL is valid for longer."""

SWITCH = "IKIGAI_RESUME_UPLOADS"
"""The environment variable that turns journals off (``0``, ``false``, ``no`` or ``off``)."""

_OFF = ("0", "false", "no", "off")


@dataclass(frozen=True)
class Interrupted:
    """An upload that was begun.

    Attributes
    ----------
    dataset_id : str
    created : mapping or None
        The fields with which the dataset was created for this upload; None if it existed before.
    size : int
        Size of the file in bytes.
    ticket : UploadTicket
    log_before : list of dict
        The dataset's log before the upload.
    etags : dict
        The ETags of the acknowledged parts, by number.
    """

    dataset_id: str
    created: Record | None
    size: int
    ticket: UploadTicket = field(repr=False)
    log_before: list[Record]
    etags: dict[int, str] = field(default_factory=dict)


class Journal:
    """The journal of one dataset's uploads. If it cannot be stored, uploads continue without it.

    It belongs to one process at a time. While another process uploads to the same dataset, nothing is stored.

    Parameters
    ----------
    path : Path, optional
        None stores nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = None
        if path is not None:
            self._lock = FileLock(path.with_suffix(".lock"), blocking=False, thread_local=False, mode=0o600)
        self._file: int | None = None
        self.left: Interrupted | None = None

    @classmethod
    def of(cls, *key: str, wanted: bool = True) -> Self:
        """The journal for a key that consists of several strings."""
        folder = _folder() if wanted and os.environ.get(SWITCH, "").lower() not in _OFF else None
        name = hashlib.sha256("\n".join(key).encode()).hexdigest()
        return cls(folder / f"{name}.jsonl" if folder else None)

    def open(self) -> Interrupted | None:
        """Look for an upload that an earlier process left."""
        try:
            if self._path is not None and self._path.exists() and self._open():
                self.left = _read(self._path)
        except (OSError, ValueError, KeyError, TypeError):
            self.left = None
        return self.left

    def begin(self, upload: Interrupted) -> None:
        """Record the start of an upload if it has several parts, and delete the previous record."""
        self.left = None
        if self._path is None or len(upload.ticket.urls) < 2:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _delete_old(self._path.parent)
            if self._file is not None or self._open():
                os.ftruncate(self._descriptor, 0)
                self._write({"version": VERSION, **asdict(upload)})
        except OSError:
            self.close()

    def note(self, number: int, etag: str) -> None:
        """Record a part that was acknowledged. Thread-safe."""
        if self._file is not None:
            try:
                self._write({"part": number, "etag": etag})
            except OSError:
                self.close()

    def forget(self) -> None:
        """Delete the journal after the end of the upload."""
        file, self._file = self._file, None
        if file is not None and self._path is not None:
            # Closed before, since Windows deletes no open file; deleted before the lock is released, as another process
            # may be waiting for it. The lock's file stays until it is old: another process may just have opened it.
            os.close(file)
            self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Close the journal, and keep it for a later process."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
        if self._lock is not None:
            self._lock.release()

    @property
    def is_kept(self) -> bool:
        """True if a later process can resume the upload."""
        return self._file is not None

    @property
    def _descriptor(self) -> int:
        assert self._file is not None
        return self._file

    def _open(self) -> bool:
        """Lock and open the journal. Returns False if another process uploads to the same dataset."""
        assert self._path is not None
        assert self._lock is not None
        try:
            self._lock.acquire()
        except Timeout:
            return False
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        return True

    def _write(self, entry: dict[str, Any]) -> None:
        # One write per entry: if the process is killed, at most the last line is incomplete.
        os.write(self._descriptor, f"{json.dumps(entry)}\n".encode())


def _read(path: Path) -> Interrupted | None:
    first, *lines = path.read_text(encoding="utf-8").splitlines() or ["{}"]
    head = json.loads(first)
    if head.pop("version", None) != VERSION or time.time() - path.stat().st_mtime > LIFETIME:
        return None
    ticket = head.pop("ticket")
    urls = {int(number): str(url) for number, url in ticket["urls"].items()}
    etags = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            break
        etags[int(entry["part"])] = str(entry["etag"])
    return Interrupted(**{**head, "ticket": UploadTicket(**{**ticket, "urls": urls}), "etags": etags})


def _delete_old(folder: Path) -> None:
    for path in folder.iterdir():
        try:
            if time.time() - path.stat().st_mtime > LIFETIME:
                path.unlink()
        except OSError:
            continue


def _folder() -> Path | None:
    try:
        return user_cache_path("ikigai", appauthor=False) / "uploads"
    except RuntimeError:
        return None
