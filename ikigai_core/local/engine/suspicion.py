"""What in the bytes of a CSV file makes DuckDB's reader less strict than, or different from, our rules.

It needs only the bytes, so it works beside DuckDB, and on a file that still arrives.
"""

from __future__ import annotations

import sys
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


class Suspect:
    """Looks for what makes DuckDB's reader suspect, block by block.

    Parameters
    ----------
    numbers
        Whether to look for what is suspicious in numbers, too.

    Attributes
    ----------
    is_misread : bool
        Whether there is, in the blocks so far and after `end` in the file, a NUL byte, or a quote after the space that
        begins a value, which DuckDB reads as the start of a quoted one.
    has_odd_numbers : bool
        Likewise, whether there is text that DuckDB reads as a number, but which is an identifier to us: `007`, `+1`,
        `1_000`, or with spaces around.
    commas : int
        Number of commas so far.
    """

    def __init__(self, *, numbers: bool) -> None:
        self.is_misread = False
        self.has_odd_numbers = False
        self.commas = 0
        self._numbers = numbers
        self._text = bytearray(_BEFORE + bytes(_BLOCK_BYTES))
        self._block = _Block(self._text)

    @property
    def found(self) -> bool:
        """Whether anything is suspicious so far."""
        return self.is_misread or self.has_odd_numbers

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
        self.is_misread = self._block.is_misread() or self.is_misread
        self.has_odd_numbers = (self._numbers and self._block.has_odd_numbers()) or self.has_odd_numbers
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
            and self._has_after(np.equal(self._bytes, _QUOTE, out=self._one))
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
        # Spaces, signs, dots and digits: all letters come after the digits.
        return (
            self._has(self._borders, self._spaces) and self._has_after(np.less_equal(self._bytes, _NINE, out=self._one))
        ) or (
            self._has(self._spaces, self._borders)
            and self._has_before(np.less_equal(self._bytes, _NINE, out=self._one))
        )

    def _has_leading_zeros(self) -> bool:
        # A number begins at a border or after its sign.
        np.equal(self._bytes, _MINUS, out=self._one)
        np.logical_and(self._borders[:-1], self._one[1:], out=self._other[1:])
        self._borders[1:] |= self._other[1:]
        # Mostly, a dot or a border follows, which come before the digits.
        return (
            self._has(self._borders, np.equal(self._bytes, _ZERO, out=self._one))
            and self._has_after(np.greater_equal(self._bytes, _ZERO, out=self._one))
            and self._has_after(np.less_equal(self._bytes, _NINE, out=self._one))
        )

    def _has_underscores(self) -> bool:
        digits = np.greater_equal(self._bytes, _ZERO, out=self._other)
        # Spaces were looked for before.
        digits &= np.less_equal(self._bytes, _NINE, out=self._spaces)
        return self._has(digits, np.equal(self._bytes, _UNDERSCORE, out=self._one)) and self._has_after(digits)

    def _add_to(self, mask: _Mask, *others: int) -> None:
        """Add more bytes to a mask, which may be rare."""
        for other in others:
            if self._holds(other):
                mask |= np.equal(self._bytes, other, out=self._other)

    def _holds(self, byte: int) -> bool:
        return self._text.find(byte, 0, len(self._bytes)) >= 0

    def _has(self, first: _Mask, second: _Mask) -> bool:
        """Return whether bytes of these kinds follow each other anywhere, and keep where."""
        np.logical_and(first[:-1], second[1:], out=self._follows[:-1])
        return self._found.find(1, 0, len(first) - 1) >= 0

    def _has_after(self, third: _Mask) -> bool:
        """Return whether a byte of this kind follows two that `_has` found, and keep where."""
        self._follows[:-2] &= third[2:]
        return self._found.find(1, 0, len(third) - 2) >= 0

    def _has_before(self, zeroth: _Mask) -> bool:
        """Return whether a byte of this kind stands before two that `_has` found."""
        self._follows[1:-1] &= zeroth[:-2]
        return self._found.find(1, 1, len(zeroth) - 1) >= 0
