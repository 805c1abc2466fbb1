"""Notes about runs, in files: the simplest store that a killed process leaves to its successor."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class FileNotes:
    """One file for each task; a reader sees the note before or the note after, never half of one."""

    folder: Path

    def keep(self, task: str, note: dict[str, Any]) -> None:
        new = self.folder / f".{task}.{uuid4().hex}"
        new.write_text(json.dumps(note))
        os.replace(new, self._file(task))

    def find(self, task: str) -> dict[str, Any] | None:
        try:
            note: dict[str, Any] = json.loads(self._file(task).read_text())
        except FileNotFoundError:
            return None
        return note

    def forget(self, task: str) -> None:
        self._file(task).unlink(missing_ok=True)

    def _file(self, task: str) -> Path:
        return self.folder / f"{task}.json"
