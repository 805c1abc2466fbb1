"""Ordered faults: their effect, the requests that they match, and how often they hit."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ikigai_core.local.control.exchange import Exchange
from ikigai_core.local.store.ids import new_id

ANY = "*"
_MOST_FAULTS = 1000
_LONGEST = 24 * 3600.0

Seconds = Annotated[float, Field(ge=0, le=_LONGEST, allow_inf_nan=False)]


class Fault(BaseModel):
    """A fault and its filter. `ikigai_core.local.control.LocalControl.fault` explains the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: str = ANY
    when: Literal["before", "after"] = "before"
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: Any = None
    retry_after: Annotated[str, Field(pattern=r"^[ -~]{1,100}$")] | int | float | None = None
    delay: Seconds = 0.0
    cut: bool = False
    truncate: bool = False
    user: str | None = None
    where: dict[str, str] = {}
    skip: Annotated[int, Field(ge=0)] = 0
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int | None = None
    lasting: Seconds | None = None

    @model_validator(mode="after")
    def _is_one_fault(self) -> Self:
        kinds = [name for name in ("status", "cut", "truncate") if getattr(self, name) not in (None, False)]
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} cannot be combined: order one fault for each")
        if not kinds and not self.delay:
            raise ValueError("the fault has no effect: set status, cut, truncate or delay")
        if self.status is None and (self.body is not None or self.retry_after is not None):
            raise ValueError("body and retry_after need a status")
        return self

    @property
    def most(self) -> int | None:
        """Maximum number of hits; None means unlimited."""
        once = self.probability == 1.0 and self.lasting is None
        return self.times if self.times is not None else 1 if once else None

    def is_about(self, exchange: Exchange) -> bool:
        """Return whether the fault matches this request."""
        return (
            self.operation in (ANY, exchange.operation)
            and (self.user is None or self.user.casefold() == exchange.user.casefold())
            and all(exchange.has(name, value) for name, value in self.where.items())
        )


@dataclass
class Order:
    """An ordered fault, with its number of matching requests and of hits."""

    fault: Fault
    fault_id: str = field(default_factory=new_id)
    met: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.fault.seed)
        lasting = self.fault.lasting
        self._ends = None if lasting is None else time.monotonic() + lasting

    @property
    def is_over(self) -> bool:
        """Whether the fault is used up or has expired."""
        used_up = self.fault.most is not None and self.hits >= self.fault.most
        return used_up or (self._ends is not None and time.monotonic() > self._ends)

    def hit(self, exchange: Exchange) -> bool:
        """Return whether the fault hits this request, and count it."""
        if self.is_over or not self.fault.is_about(exchange):
            return False
        self.met += 1
        if self.met <= self.fault.skip or self._chance.random() >= self.fault.probability:
            return False
        self.hits += 1
        return True

    def report(self) -> dict[str, Any]:
        """Return the order in the format of the control API."""
        return {
            "fault_id": self.fault_id,
            "hits": self.hits,
            "is_over": self.is_over,
            **self.fault.model_dump(exclude_defaults=True),
        }


class Faults:
    """All ordered faults, oldest first. For use on the event loop only."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}

    def order(self, fault: Fault) -> Order:
        """Add a fault. If there are too many, forget the oldest."""
        order = Order(fault)
        self._orders[order.fault_id] = order
        while len(self._orders) > _MOST_FAULTS:
            del self._orders[next(iter(self._orders))]
        return order

    def all(self) -> list[Order]:
        """Return all orders, including those that are over."""
        return list(self._orders.values())

    def find(self, fault_id: str) -> Order | None:
        """Return an order; None if it does not exist."""
        return self._orders.get(fault_id)

    def cancel(self, fault_id: str) -> Order | None:
        """Remove and return an order; None if it does not exist."""
        return self._orders.pop(fault_id, None)

    def clear(self) -> None:
        """Remove all orders."""
        self._orders.clear()

    def pick(self, exchange: Exchange) -> Order | None:
        """Return the oldest order that hits a request; None if none does."""
        return next((order for order in self._orders.values() if order.hit(exchange)), None)
