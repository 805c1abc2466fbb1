"""A listing of components, with lookup by name or by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Generic, Protocol, TypeVar

from ikigai_core.errors import AmbiguousError, UnknownNameError, did_you_mean


class Named(Protocol):
    """Any object with a name."""

    @property
    def name(self) -> str:
        """The object's name."""
        ...


C = TypeVar("C", bound=Named)


class NamedMapping(Mapping[str, C], Generic[C]):
    """Components by name. Names need not be unique: use `get_id` if several components share one.

    Parameters
    ----------
    components : mapping of str to component
        The components by id.
    """

    def __init__(self, components: Mapping[str, C]) -> None:
        self._by_id = dict(components)

    def __getitem__(self, name: str) -> C:
        found = {key: component for key, component in self._by_id.items() if component.name == name}
        if not found:
            names = [component.name for component in self._by_id.values()]
            raise UnknownNameError(f"There is none named {name!r}. {did_you_mean(name, names)}")
        if len(found) > 1:
            ids = ", ".join(found)
            raise AmbiguousError(f"Multiple({len(found)}) items with name: {name!r}, use get_id with one of: {ids}")
        return next(iter(found.values()))

    def __contains__(self, key: object) -> bool:
        name = getattr(key, "name", key)
        return any(component.name == name for component in self._by_id.values())

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(component.name for component in self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __repr__(self) -> str:
        return repr(self._by_id)

    def _repr_html_(self) -> str:
        """A table of names and ids, for notebooks."""
        rows = "".join(
            f"<tr><td>{escape(component.name)}</td><td>{escape(key)}</td></tr>"
            for key, component in self._by_id.items()
        )
        return f"<table><tr><th>name</th><th>id</th></tr>{rows}</table>"

    def get_id(self, id: str) -> C:
        """The component with that id. Raises `UnknownNameError` (a `KeyError`) if there is none."""
        if not isinstance(id, str) or id not in self._by_id:
            raise UnknownNameError(f"There is none with id {id!r}. {did_you_mean(id, self._by_id)}")
        return self._by_id[id]

    def values(self) -> Any:
        """All components in the platform's order, including those that share a name."""
        return self._by_id.values()
