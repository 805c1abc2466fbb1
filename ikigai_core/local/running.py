"""Notes about the platforms that run on this machine, so that `ikigai local env` finds them.

A note names the platform's address and the file with its credentials. It contains no key.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

# A busy machine answers slowly. If the platform has ended, the connection is refused at once.
_SECONDS = 10.0


@dataclass(frozen=True)
class Running:
    """A platform that runs.

    Attributes
    ----------
    base_url, console_url, user_email : str
    credentials_file : str or None
        File with the key. None if the key was given when the platform was started.
    """

    base_url: str
    console_url: str
    user_email: str
    credentials_file: str | None

    @property
    def api_key(self) -> str | None:
        """The key in the credentials' file; None if there is no such file."""
        if self.credentials_file is None:
            return None
        try:
            kept = json.loads(Path(self.credentials_file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return str(kept["api_key"]) if kept.get("user_email") == self.user_email and "api_key" in kept else None

    @property
    def answers(self) -> bool:
        """True if the platform answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.base_url}/access/heartbeat", timeout=_SECONDS):
                return True
        except urllib.error.HTTPError:
            return True
        except (OSError, ValueError):
            return False


@contextmanager
def noted(platform: Running) -> Iterator[None]:
    """Keep a note about a platform while it runs. If the folder for notes is not writable, there is no note."""
    path = _folder() / f"{os.getpid()}.json"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(platform)), encoding="utf-8")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def find(port: int | None = None) -> Running | None:
    """The newest platform that still answers, on this port if one is given. Deletes the notes of ended ones."""
    with suppress(OSError):
        notes = sorted(_folder().glob("*.json"), key=lambda note: note.stat().st_mtime, reverse=True)
        for note in notes:
            platform = _read(note)
            if platform is None or not _is_there(int(note.stem)):
                note.unlink(missing_ok=True)
            elif (port is None or platform.base_url.endswith(f":{port}")) and platform.answers:
                return platform
    return None


def _is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _read(note: Path) -> Running | None:
    try:
        return Running(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _folder() -> Path:
    return user_state_path("ikigai", appauthor=False) / "local"
