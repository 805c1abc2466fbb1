"""Gates on a model's metrics: the allowed minimum and maximum of each metric."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ikigai_core.errors import InvalidInputError, did_you_mean

_BOUNDS = ("min", "max")
_FORM = "write it as {'performance.r2.average_test': {'min': 0.6}}"


@dataclass(frozen=True)
class GateResult:
    """The result of checking a metric against its gate. Its ``str()`` is the sentence.

    Attributes
    ----------
    metric : str
    value : float or None
        None if there is no such number.
    is_passed : bool
    sentence : str
        For example ``performance.r2.average_test is 0.52, less than 0.6``, without a full stop.
    """

    metric: str
    value: float | None
    is_passed: bool
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class MetricGate:
    """The allowed range of one metric.

    Attributes
    ----------
    metric : str
        Path in a model version's metrics, for example ``performance.r2.average_test``.
    min, max : float or None
        The allowed minimum and maximum. At least one of them is set.
    """

    metric: str
    min: float | None = None
    max: float | None = None

    def check(self, metrics: Mapping[str, Any]) -> GateResult:
        """Check a version's metrics, nested or flat. A value that is not a number does not pass."""
        found = dict(_flattened(metrics))
        if self.metric not in found:
            return GateResult(self.metric, None, False, f"{self.metric} is missing. {did_you_mean(self.metric, found)}")
        value = found[self.metric]
        if not _is_number(value):
            return GateResult(self.metric, None, False, f"{self.metric} is {value!r}, which is no number")
        return self._checked(float(value))

    def _checked(self, value: float) -> GateResult:
        faults = []
        if self.min is not None and value < self.min:
            faults.append(f"less than {self.min:.6g}")
        if self.max is not None and value > self.max:
            faults.append(f"more than {self.max:.6g}")
        said = ", ".join(faults) or f"as it should be: {self._range}"
        return GateResult(self.metric, value, not faults, f"{self.metric} is {value:.6g}, {said}")

    @property
    def _range(self) -> str:
        least = "" if self.min is None else f"at least {self.min:.6g}"
        most = "" if self.max is None else f"at most {self.max:.6g}"
        return " and ".join(filter(None, (least, most)))


@dataclass(frozen=True)
class MetricGates:
    """The gates of a model.

    Attributes
    ----------
    gates : tuple of MetricGate

    Examples
    --------
    >>> gates = MetricGates.read({"performance.r2.average_test": {"min": 0.6}})
    >>> [str(result) for result in gates.check({"performance": {"r2": {"average_test": 0.52}}})]
    ['performance.r2.average_test is 0.52, less than 0.6']
    """

    gates: tuple[MetricGate, ...]

    @classmethod
    def read(cls, given: Mapping[str, Mapping[str, float]]) -> Self:
        """Read gates in the users' form: ``min``, ``max`` or both, by metric. Sends nothing.

        Raises
        ------
        InvalidInputError
            The message names the metric and the fault of its bounds. True and a string are not numbers.
        """
        if not isinstance(given, Mapping) or not given:
            raise InvalidInputError(f"There are no gates: {_FORM}.")
        return cls(tuple(_gate(metric, bounds) for metric, bounds in given.items()))

    def check(self, metrics: Mapping[str, Any]) -> list[GateResult]:
        """Check a version's metrics against each gate, in the order of the gates."""
        return [gate.check(metrics) for gate in self.gates]


def flat_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The numeric metrics of a version, by the paths that gates use."""
    return {path: float(value) for path, value in _flattened(metrics) if _is_number(value)}


def _flattened(metrics: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in metrics.items():
        inner = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping):
            yield from _flattened(value, inner)
        else:
            yield inner, value


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and not math.isnan(value)


def _gate(metric: object, given: object) -> MetricGate:
    if not isinstance(metric, str) or not metric.strip():
        raise InvalidInputError(f"The metric of a gate is {metric!r}: {_FORM}.")
    if not isinstance(given, Mapping):
        raise InvalidInputError(f"The gate of {metric!r} is {given!r}: {_FORM}.")
    for name in given:
        if name not in _BOUNDS:
            raise InvalidInputError(f"The gate of {metric!r} has no bound {name!r}. {did_you_mean(name, _BOUNDS)}")
    bounds = {name: given[name] for name in _BOUNDS if given.get(name) is not None}
    if not bounds:
        raise InvalidInputError(f"The gate of {metric!r} lets everything pass: give 'min', 'max' or both.")
    for name, bound in bounds.items():
        if not _is_number(bound):
            raise InvalidInputError(f"{name!r} of the gate of {metric!r} is {bound!r}, which is no number.")
    if bounds.get("min", -math.inf) > bounds.get("max", math.inf):
        raise InvalidInputError(f"The gate of {metric!r} lets nothing pass: its 'min' is larger than its 'max'.")
    return MetricGate(metric, **{name: float(bound) for name, bound in bounds.items()})
