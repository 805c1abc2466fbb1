"""Prints how long each suite took, and the slowest tests of all: for `make test`.

Reads the JUnit files that pytest writes. A test's time includes what is set up before it, and torn down after it.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple


class Test(NamedTuple):
    """A test that ran.

    Attributes
    ----------
    suite, name : str
    seconds : float
    """

    suite: str
    name: str
    seconds: float


def tests_in(folder: Path) -> list[Test]:
    """All tests of all suites; a suite's files are named ``<suite>.xml`` or ``<suite> <what>.xml``."""
    return [
        Test(file.stem.split()[0], f"{case.get('classname')}::{case.get('name')}", float(case.get("time", 0)))
        for file in sorted(folder.glob("*.xml"))
        for case in ElementTree.parse(file).iter("testcase")
    ]


def lines(tests: Iterable[Test], count: int) -> list[str]:
    """A line for each suite, and one for each of the slowest tests, the slowest first."""
    slowest = sorted(tests, key=attrgetter("seconds"), reverse=True)
    suites = sorted({test.suite for test in slowest})
    numbers = {suite: [test.seconds for test in slowest if test.suite == suite] for suite in suites}
    totals = [f"{sum(each):8.1f} s  {suite}: {len(each)} tests" for suite, each in numbers.items()]
    told = [f"{test.seconds:8.1f} s  {test.suite}: {test.name}" for test in slowest[:count]]
    return [*totals, f"The {len(told)} slowest tests:", *told]


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the JUnit files are")
    parser.add_argument("--count", type=int, default=20, help="how many tests to print (default: %(default)s)")
    arguments = parser.parse_args()
    print("\n".join(lines(tests_in(arguments.folder), arguments.count)))


if __name__ == "__main__":
    main()
