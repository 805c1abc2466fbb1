"""Where rows of a CSV file end, found in its bytes, so that rows can be read apart from those before them."""

from __future__ import annotations

import codecs

import numpy as np
import numpy.typing as npt

_LINE_FEED, _RETURN, _QUOTE, _COMMA = b'\n\r",'
# What can stand before a quote that begins a value, or that goes on with it after another quote.
_BEFORE_QUOTES = np.isin(np.arange(256), [_LINE_FEED, _RETURN, _COMMA, _QUOTE])


class RowEnds:
    """Finds the ends of rows in a file, block by block.

    A line feed ends a row if it is not in a quoted value: if the number of quotes before it is even (RFC 4180). Quotes
    in values without quotes would make that number wrong. After the first of them, no row's end is certain.
    """

    def __init__(self) -> None:
        self._before = _LINE_FEED
        self._is_start = True
        self._is_quoted = False
        self._is_certain = True

    def last(self, block: bytes) -> int:
        """Return where the last row in the next bytes of the file ends: behind its line feed; 0 if none ends there."""
        if not (self._is_certain and block):
            return 0
        quotes = np.flatnonzero(np.frombuffer(block, np.uint8) == _QUOTE)
        certain = self._first_doubtful(block, quotes)
        end = self._last_before(certain, block, quotes)
        self._is_certain = certain == len(block)
        self._before = block[-1]
        self._is_start = False
        self._is_quoted ^= len(quotes) % 2 == 1
        return end

    def _last_before(self, certain: int, block: bytes, quotes: npt.NDArray[np.intp]) -> int:
        end = block.rfind(b"\n", 0, certain)
        while end >= 0:
            before = int(np.searchsorted(quotes, end))
            if (before + self._is_quoted) % 2 == 0:
                return end + 1
            # It is in the value that the last quote begins, perhaps one in an earlier block.
            end = block.rfind(b"\n", 0, int(quotes[before - 1])) if before else -1
        return 0

    def _first_doubtful(self, block: bytes, quotes: npt.NDArray[np.intp]) -> int:
        """Return the place of the first quote that is in a value without quotes; the block's size if there is none."""
        begin = quotes[int(self._is_quoted) :: 2]
        before = np.frombuffer(block, np.uint8)[begin - 1]
        before[begin == 0] = self._before
        if self._is_start and block.startswith(codecs.BOM_UTF8):
            before[begin == len(codecs.BOM_UTF8)] = _LINE_FEED
        doubtful = begin[~_BEFORE_QUOTES[before]]
        return int(doubtful[0]) if len(doubtful) else len(block)
