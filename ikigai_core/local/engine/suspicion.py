"""What in the bytes of a CSV file makes DuckDB's reader less strict than, or different from, RFC 4180."""

from __future__ import annotations

from enum import Flag, auto
from pathlib import Path

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 1 << 16
"""Best size of a block: it is looked at a dozen times, and fits in the processor's cache and in memory used before."""

# The longest suspicious sequence, without its last byte.
_OVERLAP = 2
_LINE_FEED, _RETURN, _SPACE, _QUOTE, _COMMA = b'\n\r ",'

_Mask = npt.NDArray[np.bool_]


class Suspicion(Flag):
    """What to distrust DuckDB's reader for."""

    NONE = 0
    READING = auto()
    """A NUL byte, or a quote after the space that begins a value, which DuckDB reads as the start of a quoted one."""
    WIDTH = auto()
    """A comma at the end of a line: DuckDB accepts a row with too many values if the extra ones are empty."""


class Suspect:
    """Looks at a file block by block.

    Attributes
    ----------
    found : Suspicion
        What is suspicious in the blocks so far; after `end`, in the file.
    """

    def __init__(self) -> None:
        self.found = Suspicion.NONE
        self._before = b""

    def look(self, block: bytes) -> None:
        """Look at the next block."""
        text = self._before + block
        self.found |= _suspect_bytes(text)
        self._before = text[-_OVERLAP:]

    def end(self) -> Suspicion:
        """Return what is suspicious in the file."""
        if self._before.endswith(b","):
            self.found |= Suspicion.WIDTH
        return self.found


def suspect(path: Path) -> Suspicion:
    """Read a file; return what is suspicious in it."""
    looking = Suspect()
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            looking.look(block)
    return looking.end()


def _suspect_bytes(text: bytes) -> Suspicion:
    # Comparing all bytes is several times faster than finding the places of some.
    data = np.frombuffer(text, np.uint8)
    commas, line_ends = data == _COMMA, data == _LINE_FEED
    if b"\r" in text:
        line_ends |= data == _RETURN
    found = Suspicion.NONE
    if _follow(commas, line_ends):
        found |= Suspicion.WIDTH
    is_odd = b"\0" in text or (b'"' in text and _follow(commas | line_ends, data == _SPACE, data == _QUOTE))
    return found | Suspicion.READING if is_odd else found


def _follow(*masks: _Mask) -> bool:
    """Return whether bytes of these kinds follow each other anywhere."""
    length = len(masks[0]) - len(masks) + 1
    if length < 1:
        return False
    found = masks[0][:length]
    for distance, mask in enumerate(masks[1:], start=1):
        found = found & mask[distance : distance + length]
    return bool(found.any())
