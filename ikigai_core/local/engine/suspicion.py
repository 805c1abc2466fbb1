"""What in the bytes of a CSV file makes DuckDB's reader less strict than, or different from, our rules.

It needs only the bytes, so it works beside DuckDB, and on a file that still arrives.
"""

from __future__ import annotations

import sys
from enum import Flag, auto
from io import FileIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

HEAD_BYTES = 1 << 20
"""How many bytes at the start of a file mostly show what else is in it."""

# Each block is looked at two dozen times: it fits in the processor's cache with what is found in it.
_BLOCK_BYTES = 1 << 17
# The longest suspicious sequence, without its last byte.
_OVERLAP = 3
_LINE_FEED, _RETURN, _SPACE, _QUOTE, _COMMA, _PLUS, _MINUS, _ZERO, _NINE, _UNDERSCORE = b'\n\r ",+-09_'
_OTHER_SPACES = b"\t\v\f"
# What a file begins after: neither a border nor part of a number.
_BEFORE = b"x" * _OVERLAP

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
        self._text = bytearray(_BEFORE + bytes(_BLOCK_BYTES))
        self._block = _Block(self._text)

    def read(self, file: FileIO, most: int = sys.maxsize) -> int:
        """Read on to the end of a file, or at most so many bytes, and look at them; return their number."""
        size = 0
        with memoryview(self._text) as text:
            while count := file.readinto(text[_OVERLAP : _OVERLAP + most - size]):
                self._look(count)
                size += count
        return size

    def end(self) -> None:
        """Take note that there are no more blocks."""
        # The last value may have no line end.
        self._text[_OVERLAP] = _LINE_FEED
        self._look(1)

    def _look(self, size: int) -> None:
        """Look at the next bytes, which are in the buffer after the last ones of those before."""
        end = _OVERLAP + size
        self._block.begin(end)
        self.commas += int(np.count_nonzero(self._block.commas[_OVERLAP:]))
        if self._block.is_misread():
            self.found |= Suspicion.READING
        if self._numbers and self._block.has_odd_numbers():
            self.found |= Suspicion.NUMBERS
        self._text[:_OVERLAP] = self._text[size:end]


def suspect(path: Path, *, numbers: bool, most: int = sys.maxsize) -> Suspect:
    """Read a file, or its first `most` bytes; return what looked at it."""
    looking = Suspect(numbers=numbers)
    with path.open("rb", buffering=0) as file:
        looking.read(file, most)
    looking.end()
    return looking


class _Block:
    """Bytes in a buffer, and which of them are of what kind.

    All is found in the same memory again and again: to get new memory costs more than to look.

    Attributes
    ----------
    commas : array of bool
        Which bytes are commas.
    """

    def __init__(self, text: bytearray) -> None:
        self._text = text
        self._found = bytearray(len(text))
        self._all = np.frombuffer(text, np.uint8)
        self._memory: list[_Mask] = [np.frombuffer(self._found, np.bool_)]
        self._memory += [np.empty(len(text), np.bool_) for _ in range(5)]

    def begin(self, end: int) -> None:
        """Begin with the bytes before `end`, which are new. There must be three at least."""
        self._bytes = self._all[:end]
        masks = (mask[:end] for mask in self._memory)
        self._follows, self.commas, self._borders, self._spaces, self._one, self._other = masks
        np.equal(self._bytes, _COMMA, out=self.commas)
        np.equal(self._bytes, _LINE_FEED, out=self._borders)
        np.equal(self._bytes, _SPACE, out=self._spaces)
        self._borders |= self.commas
        self._add_to(self._borders, _RETURN)

    # The rarer pairs are looked for first: most blocks have none, and need no look at the third byte.

    def is_misread(self) -> bool:
        """Return whether there is a NUL byte, or a quote follows the space that begins a value."""
        return self._holds(0) or (
            self._holds(_QUOTE)
            and self._has(self._borders, self._spaces)
            and self._has(self._borders, self._spaces, np.equal(self._bytes, _QUOTE, out=self._one))
        )

    def has_odd_numbers(self) -> bool:
        """Return whether a value could be a number to DuckDB only. Some texts are taken for such values, too."""
        self._add_to(self._borders, _QUOTE)
        return (
            self._has_spaces_around()
            or self._has_leading_zeros()
            or (self._holds(_PLUS) and self._has(self._borders, np.equal(self._bytes, _PLUS, out=self._one)))
            or (self._holds(_UNDERSCORE) and self._has_underscores())
        )

    def _has_spaces_around(self) -> bool:
        self._add_to(self._spaces, *_OTHER_SPACES)
        borders, spaces = self._borders, self._spaces
        # Spaces, signs, dots and digits: all letters come after the digits.
        return (
            self._has(borders, spaces) and self._has(borders, spaces, np.less_equal(self._bytes, _NINE, out=self._one))
        ) or (
            self._has(spaces, borders) and self._has(np.less_equal(self._bytes, _NINE, out=self._one), spaces, borders)
        )

    def _has_leading_zeros(self) -> bool:
        # A number begins at a border or after its sign.
        np.equal(self._bytes, _MINUS, out=self._one)
        np.logical_and(self._borders[:-1], self._one[1:], out=self._other[1:])
        self._borders[1:] |= self._other[1:]
        zeros = np.equal(self._bytes, _ZERO, out=self._one)
        # Mostly, a dot or a border follows, which come before the digits.
        return self._has(self._borders, zeros, np.greater_equal(self._bytes, _ZERO, out=self._other)) and self._has(
            self._borders, zeros, self._digits()
        )

    def _has_underscores(self) -> bool:
        digits = self._digits()
        return self._has(digits, np.equal(self._bytes, _UNDERSCORE, out=self._one), digits)

    def _digits(self) -> _Mask:
        digits = np.greater_equal(self._bytes, _ZERO, out=self._other)
        # Spaces were looked for before.
        digits &= np.less_equal(self._bytes, _NINE, out=self._spaces)
        return digits

    def _add_to(self, mask: _Mask, *others: int) -> None:
        """Add more bytes to a mask, which may be rare."""
        for other in others:
            if self._holds(other):
                mask |= np.equal(self._bytes, other, out=self._other)

    def _holds(self, byte: int) -> bool:
        return self._text.find(byte, 0, len(self._bytes)) >= 0

    def _has(self, first: _Mask, second: _Mask, third: _Mask | None = None) -> bool:
        """Return whether bytes of these kinds follow each other anywhere."""
        end = len(first) - (1 if third is None else 2)
        follows = np.logical_and(first[:end], second[1 : end + 1], out=self._follows[:end])
        if third is not None:
            follows &= third[2:]
        return self._found.find(1, 0, end) >= 0
