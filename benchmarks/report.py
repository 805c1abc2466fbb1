"""What was measured, what was wanted of it, and whether that was met."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_WIDTH = 66


@dataclass(frozen=True)
class Figure:
    """A measurement beside its target.

    Attributes
    ----------
    what : str
    unit : str
    ours : float
    at_most : float
        The target. Of a factor (see `faster`) the released client's figure divided by the factor that is wanted.
    released : float or None
        The released client's figure, measured in the same run against the same server.
    wanted : str
        The target in words.
    """

    what: str
    unit: str
    ours: float
    at_most: float
    wanted: str
    released: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the target is met."""
        return self.ours <= self.at_most


def within(what: str, unit: str, ours: float, at_most: float, released: float | None = None) -> Figure:
    """A figure with a limit."""
    return Figure(what, unit, ours, at_most, f"at most {_number(at_most)} {unit}".rstrip(), released)


def faster(what: str, unit: str, ours: float, released: float, factor: float) -> Figure:
    """A figure that is to be a part of the released client's."""
    return Figure(what, unit, ours, released / factor, f"{factor:g} x", released)


class Report:
    """Prints figures as they come, and keeps them."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def head(self) -> None:
        """Print the columns' titles."""
        print(f"{'':{_WIDTH}} {'ikigai_core':>15} {'released':>13} {'ratio':>8}  target", flush=True)

    def add(self, *figures: Figure) -> None:
        """Take figures up."""
        for figure in figures:
            self.figures.append(figure)
            print(_line(figure), flush=True)

    def write(self, path: Path) -> None:
        """Write all figures as JSON."""
        path.write_text(
            json.dumps([asdict(figure) | {"met": figure.is_met} for figure in self.figures], indent=2) + "\n"
        )

    @property
    def missed(self) -> list[Figure]:
        """The figures whose target was not met."""
        return [figure for figure in self.figures if not figure.is_met]


def _line(figure: Figure) -> str:
    ours = f"{_number(figure.ours)} {figure.unit}".rstrip()
    released = "" if figure.released is None else f"{_number(figure.released)} {figure.unit}".rstrip()
    ratio = f"{figure.released / figure.ours:.1f} x" if figure.released is not None and figure.ours else ""
    met = "ok" if figure.is_met else "MISSED"
    return f"{figure.what:{_WIDTH}} {ours:>15} {released:>13} {ratio:>8}  {figure.wanted}: {met}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
