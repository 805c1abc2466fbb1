"""Tables whose rows have not been read: large files, and what facets make of them row by row.

DuckDB reads a file in one query with all that is asked of it. So it reads the columns alone that are needed, and
numbers as numbers, and nothing is kept between the facets.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Query(Protocol):
    """Gives a SELECT of all columns of a table under their keys."""

    def __call__(self, texts: Collection[str], *, numbered: bool = False) -> str:
        """Return the query.

        Parameters
        ----------
        texts
            Keys of columns that are wanted as exact texts. Other numbers may be numbers.
        numbered
            Whether there is a last column `rowid`, whose numbers grow in the order of the rows, as that of a stored
            table. With it, the file is read by one thread.
        """


@dataclass(eq=False)
class Deferred:
    """How the rows of a table are computed.

    Parameters
    ----------
    query
        Gives them, in their order if `is_ordered`. It can fail for unusual files, for which `store` knows other ways.
    store
        Stores them in their order, with all columns as texts; returns the name of that table.
    operator
        Part of the name of the operator in DuckDB's plans that gives them.
    width
        How many columns `query` gives.
    before
        What they are computed from.
    needs
        Stored tables that `query` reads.
    rows
        Their number, once it is known.
    stored
        Name of the table in which they are stored, once they are.
    """

    query: Query
    store: Callable[[], str]
    operator: str
    width: int
    before: tuple[Deferred, ...] = ()
    needs: tuple[str, ...] = ()
    is_ordered: bool = True
    rows: int | None = None
    stored: str | None = None

    def in_order(self, texts: Collection[str]) -> str:
        """Return the query of the rows in their order."""
        if self.is_ordered:
            return self.query(texts)
        return f"SELECT * EXCLUDE (rowid) FROM ({self.query(texts, numbered=True)}) ORDER BY rowid"

    def names(self) -> set[str]:
        """Return the names of the stored tables that are needed to compute the rows."""
        own = {*self.needs, *([self.stored] if self.stored else [])}
        return own.union(*(one.names() for one in self.before))

    def steps(self) -> list[Deferred]:
        """Return all that is computed, each after what it is computed from."""
        return [*(earlier for one in self.before for earlier in one.steps()), self]


def take_counts(deferred: Deferred, profile: str) -> None:
    """Set the numbers of rows from the profile of a statement that has read all rows, as far as it shows them.

    DuckDB may compute things in another order, or group rows before it joins them. Then numbers stay unknown.
    """
    content = json.loads(profile)
    roots = content.get("operator") or content.get("children") or []
    counted = [found for root in roots for found in _counted(root)]
    steps = deferred.steps()
    kinds = [kind for kind, _ in counted if not _groups(kind)]
    if len(kinds) != len(steps) or any(one.operator not in kind for one, kind in zip(steps, kinds, strict=True)):
        return
    # From the first grouping on, they are numbers of groups.
    rows_only = itertools.takewhile(lambda found: not _groups(found[0]), counted)
    for one, (_, rows) in zip(steps, rows_only, strict=False):
        one.rows = rows


def _counted(node: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """Yield the kinds of operators with the numbers of their rows, each after those below it."""
    for child in node.get("children", ()):
        yield from _counted(child)
    # Releases of DuckDB differ in these names.
    kind = str(node.get("type") or node.get("operator_type") or "")
    function = str((node.get("extra_info") or {}).get("Function", ""))
    if _groups(kind) or "FILTER" in kind or "JOIN" in kind or "CSV" in function:
        yield f"{kind} {function}", node.get("intermediate_rows", node.get("operator_cardinality"))


def _groups(kind: str) -> bool:
    return "GROUP" in kind or "AGGREGATE" in kind
