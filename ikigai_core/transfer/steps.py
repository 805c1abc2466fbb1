"""The steps of a procedure that move data: to and from signed URLs, which take no credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ikigai_core.procedure import Procedure, Step

if TYPE_CHECKING:
    from ikigai_core.transfer.progress import Meter
    from ikigai_core.transfer.ranges import DownloadTarget


@dataclass(frozen=True)
class SendParts(Step):
    """Put a file's parts to signed URLs, side by side; the answer maps part numbers to ETags.

    Parts whose ETags are in `done` have arrived already. `on_part` is told each part that has arrived, and its ETag; it
    may block, and may be called by several threads.
    """

    path: Path
    urls: Mapping[int, str] = field(repr=False)
    content_type: str
    meter: Meter
    done: Mapping[int, str] = field(default_factory=dict)
    on_part: Callable[[int, str], None] | None = None


@dataclass(frozen=True)
class Fetch(Step):
    """Stream a signed URL's content into a file, in ranges where the server has them."""

    url: str = field(repr=False)
    target: DownloadTarget


def send_parts(
    path: Path,
    urls: Mapping[int, str],
    content_type: str,
    meter: Meter,
    done: Mapping[int, str] | None = None,
    on_part: Callable[[int, str], None] | None = None,
) -> Procedure[dict[int, str]]:
    """Upload a file's parts, as far as they are not `done`, and return the ETags of all by part number."""
    etags: dict[int, str] = yield SendParts(path, urls, content_type, meter, done or {}, on_part)
    return etags


def fetch(url: str, target: DownloadTarget) -> Procedure[None]:
    """Download what is missing in a file."""
    yield Fetch(url, target)
