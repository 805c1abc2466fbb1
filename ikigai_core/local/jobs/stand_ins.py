"""Ordered stand-ins: the runs and facets that they apply to, and their data in the job of a run."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ikigai_core.local.control.faults import ANY
from ikigai_core.local.control.sources import Prepared
from ikigai_core.local.engine.errors import did_you_mean
from ikigai_core.local.specs import facet_specs_by_uid
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.runs import Run
from ikigai_core.runs.copies import original_of

_MOST_ORDERS = 1000
_TYPE = re.compile(r"(INPUT|MID|OUTPUT)\.(.+)", re.IGNORECASE)


class SourceOrder(BaseModel):
    """One output: `table` is the name of a CSV file that the platform received; otherwise there is a function."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = "a table"
    table: str = ""
    script: str = ""
    function: str = ""
    takes_arguments: bool = False


class StandIn(BaseModel):
    """A stand-in. `ikigai_core.local.control.LocalControl.stand_in` explains the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    facet: str
    flow: str = ANY
    user: str | None = None
    sources: Mapping[str, SourceOrder] = {}

    @property
    def tables(self) -> list[str]:
        """The names of its data files."""
        return [source.table for source in self.sources.values() if source.table]

    def is_about(self, run: Run, flow_name: str) -> bool:
        """Return whether it applies to a run."""
        names = (ANY, run.flow_id, flow_name, original_of(flow_name))
        return self.flow in names and self.user in (None, run.user)

    def rank(self, facet: Mapping[str, Any]) -> int:
        """Return how closely it matches a facet: 2 by name, 1 by type, 0 if it does not."""
        if self.facet in (facet.get("name"), facet.get("facet_id")):
            return 2
        return 1 if _folded(self.facet) == _folded(_type_of(facet)) else 0


@dataclass
class Order:
    """An ordered stand-in, with the number of facets that it stood in for."""

    stand_in: StandIn
    is_permanent: bool = False
    stand_in_id: str = field(default_factory=new_id)
    uses: int = 0

    def report(self) -> dict[str, Any]:
        """Return the order in the format of the control API."""
        outputs = {output: source.label for output, source in self.stand_in.sources.items()}
        told = self.stand_in.model_dump(include={"facet", "flow", "user"})
        return {"stand_in_id": self.stand_in_id, "uses": self.uses, **told, "outputs": outputs}


class StandIns:
    """All ordered stand-ins, oldest first."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._orders: dict[str, Order] = {}

    def order(self, stand_in: StandIn, *, permanent: bool = False) -> Order:
        """Add a stand-in. If there are too many, forget the oldest.

        Raises
        ------
        ValueError
            There is no such facet type, or a table was not received.
        """
        check_facet(stand_in.facet)
        for table in stand_in.tables:
            if not self._files.data(table).is_file() or Path(table).name != table:
                raise ValueError(f"there is no table {table!r}: send it first")
        order = Order(stand_in, permanent)
        with self._lock:
            self._orders[order.stand_in_id] = order
            forgotten = [self._orders.pop(oldest) for oldest in list(self._orders)[:-_MOST_ORDERS]]
        self._retire(forgotten)
        return order

    def keep(self, facet: str, sources: Mapping[str, Prepared]) -> Order:
        """Add a stand-in that stays until the platform stops."""
        return self.order(StandIn(facet=facet, sources=self.received(sources)), permanent=True)

    def received(self, sources: Mapping[str, Prepared]) -> dict[str, SourceOrder]:
        """Return sources of this process in the form of received ones."""
        return {output: self._received(prepared) for output, prepared in sources.items()}

    def _received(self, prepared: Prepared) -> SourceOrder:
        if prepared.function is not None:
            return SourceOrder(label=prepared.label, **asdict(prepared.function))
        path = self._files.new_data()
        prepared.write(path)
        return SourceOrder(label=prepared.label, table=path.name)

    def all(self) -> list[Order]:
        """Return all orders, oldest first."""
        with self._lock:
            return list(self._orders.values())

    def find(self, stand_in_id: str) -> Order | None:
        """Return an order; None if it does not exist."""
        return self._orders.get(stand_in_id)

    def cancel(self, stand_in_id: str) -> Order | None:
        """Remove and return an order; None if it does not exist."""
        with self._lock:
            order = self._orders.pop(stand_in_id, None)
        self._retire([order] if order else [])
        return order

    def clear(self) -> None:
        """Remove all orders but those of the command line."""
        with self._lock:
            cleared = [order for order in self._orders.values() if not order.is_permanent]
            for order in cleared:
                del self._orders[order.stand_in_id]
        self._retire(cleared)

    def lend(self, run: Run, flow_name: str, folder: Path) -> dict[str, dict[str, Any]]:
        """Return the stand-ins of a run by facet id, in the form that a worker needs, with their data in `folder`."""
        orders = [order for order in self.all() if order.stand_in.is_about(run, flow_name)]
        lent = {}
        for facet in run.definition.get("facets", []):
            ranked = [(order.stand_in.rank(facet), number, order) for number, order in enumerate(orders)]
            rank, _, order = max(ranked, key=lambda entry: entry[:2], default=(0, 0, None))
            if rank and order is not None:
                order.uses += 1
                sources = order.stand_in.sources
                lent[facet["facet_id"]] = {"when": "always", "sources": lend_sources(sources, folder, self._files)}
        return lent

    def _retire(self, orders: Iterable[Order]) -> None:
        self._files.retire(*(table for order in orders for table in order.stand_in.tables))


def lend_sources(sources: Mapping[str, SourceOrder], folder: Path, files: Files) -> dict[str, dict[str, Any]]:
    """Return sources in the form that a worker needs, with their data in `folder`."""
    lent = {}
    for output, source in sources.items():
        entry = source.model_dump(exclude={"table"})
        if source.table:
            path = folder / "inputs" / source.table
            if not path.exists():
                os.link(files.data(source.table), path)
            entry["path"] = str(path)
        lent[output] = entry
    return lent


def _type_of(facet: Mapping[str, Any]) -> str:
    spec = facet_specs_by_uid().get(str(facet.get("facet_uid")))
    return f"{spec['facet_info']['chain_group']}.{spec['facet_info']['facet_type']}" if spec else ""


def _folded(facet_type: str) -> str:
    return re.sub(r"[ _]", "", facet_type).casefold()


def check_facet(facet: str) -> None:
    """Raise ValueError if there is no such facet type. Names of facets cannot be known in advance."""
    if not facet.strip():
        raise ValueError("facet: name the facet, or its type, such as MID.EDA")
    if _TYPE.fullmatch(facet) is None:
        return
    infos = (spec["facet_info"] for spec in facet_specs_by_uid().values())
    known = [f"{info['chain_group']}.{info['facet_type']}" for info in infos]
    if _folded(facet) not in map(_folded, known):
        raise ValueError(f"facet: there is no facet type '{facet}'{did_you_mean(facet, known)}")
