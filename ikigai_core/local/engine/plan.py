"""What a run does at each facet: it is computed, a stand-in gives its tables, or it is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ikigai_core.local.engine.arguments import check_arrows, checked_arguments, engine_arguments
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.graph import Facet, Graph
from ikigai_core.local.engine.registry import Implementation, implementation
from ikigai_core.local.engine.stand_ins import StandIn, When


@dataclass(frozen=True)
class Plan:
    """What a run does at each facet.

    Parameters
    ----------
    order
        All facets, each after its inputs.
    stand_ins
        Stand-ins by facet id.
    """

    graph: Graph
    order: list[Facet]
    stand_ins: Mapping[str, StandIn]
    implementations: dict[str, Implementation] = field(default_factory=dict)
    arguments: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: dict[str, FlowError] = field(default_factory=dict)
    unneeded: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, graph: Graph, given: Mapping[str, Mapping[str, Any]], stand_ins: Mapping[str, StandIn]) -> Plan:
        """Plan a run. `given` are the arguments of each facet, unchecked.

        Raises
        ------
        FlowError
            The engine cannot compute a facet, and nothing stands in for it. So such a flow does not start.
        """
        plan = cls(graph, graph.in_order(), stand_ins)
        graph.check_shape()
        for facet in reversed(plan.order):
            if not plan._is_needed(facet):
                plan.unneeded.add(facet.facet_id)
        for facet in plan.order:
            plan._look_at(facet, given[facet.facet_id])
        return plan

    def winner(self, facet: Facet) -> StandIn | None:
        """Return the stand-in that is used even if the engine can compute the facet."""
        stand_in = self.stand_ins.get(facet.facet_id)
        return None if stand_in is None or stand_in.when == When.OTHERWISE else stand_in

    def substitute(self, facet: Facet) -> StandIn | None:
        """Return the stand-in that is used if the engine cannot compute the facet."""
        stand_in = self.stand_ins.get(facet.facet_id)
        return stand_in if stand_in is not None and stand_in.when == When.OTHERWISE else None

    def can_fail(self, facet: Facet) -> bool:
        """Return whether a run can continue without a facet's output, because its outputs have substitutes."""
        return self._is_covered(facet, lambda child: self.substitute(child) is not None)

    def _is_needed(self, facet: Facet) -> bool:
        """Return whether another facet, or the user, needs what a facet gives. Its children must be judged already."""
        children = [arrow.destination for arrow in self.graph.children(facet)]
        alone = {child for child in children if child in self.stand_ins and self.stand_ins[child].when == When.ALONE}
        return not children or bool(set(children) - alone - self.unneeded)

    def _look_at(self, facet: Facet, given: Mapping[str, Any]) -> None:
        self.arguments[facet.facet_id] = given
        if facet.facet_id in self.unneeded:
            return
        if self.winner(facet) is not None:
            # The arguments of a facet that is not computed may be beyond what is known here.
            with suppress(FlowError):
                self.arguments[facet.facet_id] = checked_arguments(facet, given)
            return
        try:
            arguments = checked_arguments(facet, given)
            self.implementations[facet.facet_id] = implementation(facet)
            self.arguments[facet.facet_id] = engine_arguments(facet, arguments)
            check_arrows(self.graph, facet)
        except FlowError as problem:
            if facet.facet_id not in self.stand_ins and not self._is_covered(facet, self._gives_tables):
                raise
            self.problems[facet.facet_id] = problem

    def _gives_tables(self, facet: Facet) -> bool:
        stand_in = self.stand_ins.get(facet.facet_id)
        return stand_in is not None and not stand_in.needs_inputs

    def _is_covered(self, facet: Facet, is_covering: Callable[[Facet], bool]) -> bool:
        """Return whether each way from a facet to an output leads through a facet that can do without its inputs."""
        children = [self.graph.facets[arrow.destination] for arrow in self.graph.children(facet)]
        return bool(children) and all(is_covering(child) or self._is_covered(child, is_covering) for child in children)
