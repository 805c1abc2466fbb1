"""Steps of procedures that transfer data: to and from signed URLs, without credentials."""

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
    """Upload a file's parts to signed URLs, concurrently. The answer maps part numbers to ETags.

    Parts whose ETags are in `done` have already arrived. `on_part` is called with the number and the ETag of each part
    that has arrived. It may block, and several threads may call it.
    """

    path: Path
    urls: Mapping[int, str] = field(repr=False)
    content_type: str
    meter: Meter
    done: Mapping[int, str] = field(default_factory=dict)
    on_part: Callable[[int, str], None] | None = None


@dataclass(frozen=True)
class Fetch(Step):
    """Download a signed URL into a file, in ranges if the server supports them."""

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
    """Upload a file's parts that are not in `done`, and return all ETags by part number."""
    etags: dict[int, str] = yield SendParts(path, urls, content_type, meter, done or {}, on_part)
    return etags


def fetch(url: str, target: DownloadTarget) -> Procedure[None]:
    """Download the missing parts of a file."""
    yield Fetch(url, target)
