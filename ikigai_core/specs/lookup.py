"""Look up types by attribute or key, regardless of spelling: ``MID.Count``, ``MID["COUNT"]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from ikigai_core.errors import InvalidDefinitionError, did_you_mean


def folded(name: str) -> str:
    """A name without case, spaces and underscores: ``CustomFacet``, ``Custom Facet`` and ``CUSTOM_FACET`` are equal."""
    return name.lower().replace("_", "").replace(" ", "")


class Described(Protocol):
    """A type that the platform specifies."""

    @property
    def name(self) -> str:
        """The platform's name of the type."""
        ...

    @property
    def is_hidden(self) -> bool:
        """True if listings leave the type out."""
        ...


T = TypeVar("T", bound=Described)


class TypesByName(Generic[T]):
    """Types of one kind, by name.

    Parameters
    ----------
    types : iterable
    what : str
        The kind of the types in messages, for example ``MID facet``.
    unknown : type of InvalidDefinitionError
        Type of the error for an unknown name; also an `AttributeError`.
    """

    def __init__(self, types: Iterable[T], what: str, unknown: type[InvalidDefinitionError]) -> None:
        self._by_name = {folded(one.name): one for one in types}
        self._what = what
        self._unknown = unknown

    @property
    def types(self) -> list[str]:
        """Names of all types that are not hidden."""
        return [one.name for one in self._by_name.values() if not one.is_hidden]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and folded(name) in self._by_name

    def __getitem__(self, name: str) -> T:
        if name not in self:
            raise self._unknown(f"{self._what} {name!r} does not exist. {did_you_mean(name, self.types)}")
        return self._by_name[folded(name)]

    def __getattr__(self, name: str) -> T:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[T]:
        return iter(self._by_name.values())

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.types]

    def __repr__(self) -> str:
        return f"<{self._what} types: {', '.join(self.types)}>"
