"""Uploads in parts: their announcement, received parts and result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from ikigai_core.local.problems import not_found
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.table import Table


class UploadState(StrEnum):
    """Progress of an upload."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    CHECKING = "CHECKING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


UNCHECKED = (UploadState.COMPLETED, UploadState.CHECKING)


@dataclass(frozen=True)
class Upload:
    """An upload to a dataset. `file_size` is announced, in bytes; `data_file` is set once the parts are joined."""

    upload_id: str
    dataset_id: str
    app_id: str
    filename: str
    file_size: int
    part_count: int
    state: str
    created_at: int
    data_file: str = ""

    @property
    def part_size(self) -> int:
        """Size in bytes of each part but the last, if the client cuts the file evenly."""
        return -(-self.file_size // self.part_count)

    def stretch(self, number: int) -> tuple[int, int]:
        """Return where in the file a part begins, and its size, if the client cuts the file evenly."""
        start = (number - 1) * self.part_size
        return start, min(self.part_size, self.file_size - start)


@dataclass(frozen=True)
class Part:
    """A received part; `etag` is without quotes."""

    part_id: str
    upload_id: str
    number: int
    size: int
    etag: str
    file: str


class Uploads:
    """All uploads and their parts."""

    def __init__(self, database: Database) -> None:
        self._table: Table[Upload] = Table(database, "uploads", Upload, index=("dataset_id", "state"))
        self._parts: Table[Part] = Table(database, "upload_parts", Part, index=("upload_id, number",))
        self._database = database

    def add(self, upload: Upload) -> Upload:
        """Add an upload."""
        return self._table.insert(upload)

    def find(self, upload_id: str) -> Upload | None:
        """Return the upload with this id, None if there is none."""
        return self._table.get(upload_id)

    def get(self, upload_id: str, dataset_id: str) -> Upload:
        """Return an upload to this dataset; 404 if there is none with this id."""
        upload = self._table.get(upload_id)
        if upload is None or upload.dataset_id != dataset_id:
            raise not_found("Upload", upload_id)
        return upload

    @contextmanager
    def held_open(self, upload_id: str) -> Iterator[Upload]:
        """Give an upload that nobody completes, aborts or adds parts to meanwhile; 404 if none is open with this id."""
        with self._database.transaction():
            upload = self.find(upload_id)
            if upload is None or upload.state != UploadState.OPEN:
                raise not_found("Open upload", upload_id)
            yield upload

    def in_state(self, *states: UploadState) -> list[Upload]:
        """Return the uploads in these states, oldest first."""
        return [upload for state in states for upload in self._table.find(state=state.value)]

    def last_completed(self, dataset_id: str) -> Upload | None:
        """Return the newest completed upload to a dataset, with any result; None if there is none."""
        for upload in self._table.find(dataset_id=dataset_id, newest_first=True):
            if upload.state not in (UploadState.OPEN, UploadState.ABORTED):
                return upload
        return None

    def set_state(self, upload_id: str, state: UploadState, **changes: str) -> None:
        """Change the state of an upload."""
        self._table.update(upload_id, state=state.value, **changes)

    def put_part(self, part: Part) -> None:
        """Save a received part, in place of an earlier one."""
        with self._database.transaction():
            self._parts.delete(upload_id=part.upload_id, number=part.number)
            self._parts.insert(part)

    def part(self, upload_id: str, number: int) -> Part | None:
        """Return the received part with this number, None if there is none."""
        found = self._parts.find(upload_id=upload_id, number=number)
        return found[0] if found else None

    def parts(self, upload_id: str) -> dict[int, Part]:
        """Return the received parts by number."""
        return {part.number: part for part in self._parts.find(upload_id=upload_id)}

    def drop_parts(self, upload_id: str) -> None:
        """Delete the records of an upload's parts."""
        self._parts.delete(upload_id=upload_id)

    def remove(self, dataset_id: str) -> None:
        """Delete the records of all uploads to a dataset."""
        with self._database.transaction():
            for upload in self._table.find(dataset_id=dataset_id):
                self.drop_parts(upload.upload_id)
            self._table.delete(dataset_id=dataset_id)
