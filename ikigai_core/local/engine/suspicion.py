"""What in the bytes of a CSV file makes DuckDB's reader less strict than, or different from, RFC 4180."""

from __future__ import annotations

from enum import Flag, auto
from pathlib import Path

import numpy as np
import numpy.typing as npt

_BLOCK = 1 << 20
_LINE_FEED, _RETURN, _SPACE, _QUOTE, _COMMA = b'\n\r ",'


class Suspicion(Flag):
    """What to distrust DuckDB's reader for."""

    NONE = 0
    READING = auto()
    """A NUL byte, or a quote after the space that begins a value, which DuckDB reads as the start of a quoted one."""
    WIDTH = auto()
    """A comma at the end of a line: DuckDB accepts a row with too many values if the extra ones are empty."""


def suspect(path: Path) -> Suspicion:
    """Read a file; return what is suspicious in it."""
    found = Suspicion.NONE
    before = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            text = before + block
            found |= _suspect_bytes(text)
            before = text[-2:]
    return found | (Suspicion.WIDTH if before.endswith(b",") else Suspicion.NONE)


def _suspect_bytes(text: bytes) -> Suspicion:
    data = np.frombuffer(text, np.uint8)
    found = Suspicion.NONE
    ends = [end for end in (_LINE_FEED, _RETURN) if bytes([end]) in text]
    if any((_before(data, end, 1) == _COMMA).any() for end in ends):
        found |= Suspicion.WIDTH
    if b"\0" in text:
        found |= Suspicion.READING
    if b'"' in text:
        starts = _before(data, _QUOTE, 2)[_before(data, _QUOTE, 1) == _SPACE]
        if np.isin(starts, (_COMMA, _LINE_FEED, _RETURN)).any():
            found |= Suspicion.READING
    return found


def _before(data: npt.NDArray[np.uint8], byte: int, distance: int) -> npt.NDArray[np.uint8]:
    """Return the bytes at a distance of at most two before each place of a byte, except the first two places."""
    return data[np.flatnonzero(data[2:] == byte) + 2 - distance]
