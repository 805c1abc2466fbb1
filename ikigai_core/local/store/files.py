"""The platform's files: data of datasets, parts of uploads, jobs of runs."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from ikigai_core.local.store.ids import new_id

# A download that just started must still find its file after the dataset got a new one.
_GRACE_SECONDS = 60.0
_BLOCK = 1 << 20
_PACKED = ".gz"
_OTHERS = 0o077
_FOLDERS = ("datasets", "uploads", "jobs")
# The directory may already contain other files.
_OURS = (
    *("credentials.json", "signing.key", "server.log", "lock", "platform.sqlite*", "specs-*.json"),
    *(f"{folder}{rest}" for folder in _FOLDERS for rest in ("", "/*", "/*/*")),
)


def make_private(root: Path) -> None:
    """Create the data directory if necessary. Let no other user of the machine read it or its files."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = (path for pattern in _OURS for path in root.glob(pattern))
    for path in (root, *ours):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OTHERS:
            path.chmod(mode & ~_OTHERS)


class Files:
    """Files in one folder. Named files never change; new content gets a new name.

    Parameters
    ----------
    root : Path
        The data directory. Its subfolders are created.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._data = root / "datasets"
        self._uploads = root / "uploads"
        self._jobs = root / "jobs"
        for folder in (self._data, self._uploads, self._jobs):
            folder.mkdir(parents=True, exist_ok=True)
        self._retired: list[tuple[float, Path]] = []
        self._lock = threading.Lock()

    def data(self, name: str) -> Path:
        """Return the path of a data file."""
        return self._data / name

    def new_data(self, suffix: str = ".csv") -> Path:
        """Return a path for a new data file."""
        return self._data / f"{new_id()}{suffix}"

    def upload(self, upload_id: str) -> Path:
        """Return the folder for the parts of an upload."""
        return self._uploads / upload_id

    def drop_upload(self, upload_id: str) -> None:
        """Delete all parts of an upload."""
        shutil.rmtree(self.upload(upload_id), ignore_errors=True)

    def job(self, run_id: str) -> Path:
        """Return the job folder of a run."""
        return self._jobs / run_id

    def drop_job(self, run_id: str) -> None:
        """Delete the job folder of a run."""
        shutil.rmtree(self.job(run_id), ignore_errors=True)

    def adopt(self, path: Path, *, packed: bool) -> Path:
        """Copy `path` into a new data file, compressed if `packed`; return its path. `path` stays."""
        target = self.new_data(path.suffix)
        if not packed:
            os.link(path, target)
            return target
        target = target.with_name(target.name + _PACKED)
        with path.open("rb") as source, gzip.open(target, "wb", compresslevel=1) as packed_file:
            shutil.copyfileobj(source, packed_file, _BLOCK)
        return target

    def is_packed(self, name: str) -> bool:
        """Return whether a data file is compressed."""
        return name.endswith(_PACKED)

    def unpack(self, name: str) -> Path:
        """Decompress a data file into a new one; return its path. The compressed file stays."""
        target = self.new_data()
        with gzip.open(self.data(name), "rb") as source, target.open("wb") as unpacked:
            shutil.copyfileobj(source, unpacked, _BLOCK)
        return target

    def lend(self, name: str, target: Path) -> None:
        """Provide the content of a data file at `target`, where changes of the dataset do not affect it."""
        if self.is_packed(name):
            unpacked = self.unpack(name)
            unpacked.rename(target)
        else:
            os.link(self.data(name), target)

    def retire(self, *names: str) -> None:
        """Delete unused data files after a grace period."""
        now = time.monotonic()
        with self._lock:
            due = [path for since, path in self._retired if now - since > _GRACE_SECONDS]
            self._retired = [(since, path) for since, path in self._retired if now - since <= _GRACE_SECONDS]
            self._retired += [(now, self.data(name)) for name in names if name]
        for path in due:
            path.unlink(missing_ok=True)

    def sweep(self, data: Iterable[str], uploads: Iterable[str], runs: Iterable[str]) -> None:
        """Delete all data files, uploads and jobs except these: remains of an earlier process."""
        for folder, kept in ((self._data, set(data)), (self._uploads, set(uploads)), (self._jobs, set(runs))):
            for path in folder.iterdir():
                if path.name not in kept:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
