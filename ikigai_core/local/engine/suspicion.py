"""What in the bytes of a CSV file makes DuckDB's reader less strict than, or different from, our rules.

It needs only the bytes, so it works beside DuckDB, and on a file that still arrives.
"""

from __future__ import annotations

from enum import Flag, auto
from pathlib import Path

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 3 << 14
"""Best size of a block: it is looked at two dozen times, and fits in the processor's cache and in used memory."""

HEAD_BYTES = 1 << 20
"""How many bytes at the start of a file mostly show what else is in it."""

# The longest suspicious sequence, without its last byte.
_OVERLAP = 3
_LINE_FEED, _RETURN, _SPACE, _QUOTE, _COMMA, _PLUS, _MINUS, _ZERO, _NINE, _UNDERSCORE = b'\n\r ",+-09_'
_OTHER_SPACES = b"\t\v\f"

_Mask = npt.NDArray[np.bool_]


class Suspicion(Flag):
    """What to distrust DuckDB's reader for."""

    NONE = 0
    READING = auto()
    """A NUL byte, or a quote after the space that begins a value, which DuckDB reads as the start of a quoted one."""
    NUMBERS = auto()
    """Text that DuckDB reads as a number, but which is an identifier to us: `007`, `+1`, `1_000`, or spaces around."""


class Suspect:
    """Looks at a file block by block.

    Parameters
    ----------
    numbers
        Whether to look for what is suspicious in numbers, too.

    Attributes
    ----------
    found : Suspicion
        What is suspicious in the blocks so far; after `end`, in the file.
    commas : int
        Number of commas so far.
    """

    def __init__(self, *, numbers: bool) -> None:
        self.found = Suspicion.NONE
        self.commas = 0
        self._numbers = numbers
        self._before = b""

    def look(self, block: bytes) -> None:
        """Look at the next block."""
        text = self._before + block
        data = np.frombuffer(text, np.uint8)
        commas = data == _COMMA
        self.commas += int(np.count_nonzero(commas[len(self._before) :]))
        borders = commas | (data == _LINE_FEED)
        if b"\r" in text:
            borders |= data == _RETURN
        if b"\0" in text or (b'"' in text and _has_late_quotes(data, borders)):
            self.found |= Suspicion.READING
        if self._numbers and _has_odd_numbers(text, data, borders):
            self.found |= Suspicion.NUMBERS
        self._before = text[-_OVERLAP:]

    def end(self) -> None:
        """Take note that there are no more blocks."""
        # The last value may have no line end.
        self.look(b"\n")


def suspect(path: Path, *, numbers: bool, most: float = float("inf")) -> Suspect:
    """Read a file, or about its first `most` bytes; return what looked at it."""
    looking = Suspect(numbers=numbers)
    with path.open("rb", buffering=0) as file:
        while file.tell() < most and (block := file.read(BLOCK_BYTES)):
            looking.look(block)
    looking.end()
    return looking


# The rarer pairs are looked for first: most blocks have none, and need no look at the third byte.


def _has_late_quotes(data: npt.NDArray[np.uint8], borders: _Mask) -> bool:
    """Return whether a quote follows the space that begins a value."""
    spaces = data == _SPACE
    return _follow(borders, spaces) and _follow(borders, spaces, data == _QUOTE)


def _has_odd_numbers(text: bytes, data: npt.NDArray[np.uint8], borders: _Mask) -> bool:
    """Return whether a value could be a number to DuckDB only. Some texts are taken for such values, too."""
    if b'"' in text:
        borders = borders | (data == _QUOTE)
    return (
        _has_spaces_around(text, data, borders)
        or _has_leading_zeros(data, borders)
        or (b"+" in text and _follow(borders, data == _PLUS))
        or (b"_" in text and _follow(_digits(data), data == _UNDERSCORE, _digits(data)))
    )


def _has_spaces_around(text: bytes, data: npt.NDArray[np.uint8], borders: _Mask) -> bool:
    spaces = data == _SPACE
    for other in _OTHER_SPACES:
        if other in text:
            spaces |= data == other
    # Spaces, signs, dots and digits: all letters come after the digits.
    return (_follow(borders, spaces) and _follow(borders, spaces, data <= _NINE)) or (
        _follow(spaces, borders) and _follow(data <= _NINE, spaces, borders)
    )


def _has_leading_zeros(data: npt.NDArray[np.uint8], borders: _Mask) -> bool:
    starts = borders.copy()
    starts[1:] |= borders[:-1] & (data[1:] == _MINUS)
    zeros = data == _ZERO
    return _follow(starts, zeros) and _follow(starts, zeros, _digits(data))


def _digits(data: npt.NDArray[np.uint8]) -> _Mask:
    return (data >= _ZERO) & (data <= _NINE)


def _follow(*masks: _Mask) -> bool:
    """Return whether bytes of these kinds follow each other anywhere."""
    length = len(masks[0]) - len(masks) + 1
    if length < 1:
        return False
    found = masks[0][:length]
    for distance, mask in enumerate(masks[1:], start=1):
        found = found & mask[distance : distance + length]
    return bool(found.any())
