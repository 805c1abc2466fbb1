"""Prints which tests failed, how long each suite took, and the slowest tests of all: for `make test`.

Reads the JUnit files that pytest writes. A test's time includes what is set up before it, and torn down after it.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple


class Test(NamedTuple):
    """A test that ran.

    Attributes
    ----------
    suite, name : str
    seconds : float
    failure : str
        Why it failed, with the traceback; empty if it passed.
    """

    suite: str
    name: str
    seconds: float
    failure: str


def tests_in(folder: Path) -> list[Test]:
    """All tests of all suites; a suite's files are named ``<suite>.xml`` or ``<suite> <what>.xml``."""
    return [
        Test(
            file.stem.split()[0],
            f"{case.get('classname')}::{case.get('name')}",
            float(case.get("time", 0)),
            "\n".join(filter(None, (each.text for kind in ("failure", "error") for each in case.findall(kind)))),
        )
        for file in sorted(folder.glob("*.xml"))
        for case in ElementTree.parse(file).iter("testcase")
    ]


def times(tests: Iterable[Test], count: int) -> Iterator[str]:
    """A line for each suite, and one for each of the slowest tests, the slowest first."""
    slowest = sorted(tests, key=attrgetter("seconds"), reverse=True)
    for suite in sorted({test.suite for test in slowest}):
        seconds = [test.seconds for test in slowest if test.suite == suite]
        yield f"{sum(seconds):8.1f} s  {suite}: {len(seconds)} tests"
    told = slowest[:count]
    yield f"The {len(told)} slowest tests:"
    yield from (f"{test.seconds:8.1f} s  {test.suite}: {test.name}" for test in told)


def failures(tests: Iterable[Test], length: int) -> Iterator[str]:
    """Each test that failed, with the end of what pytest told of it."""
    for test in tests:
        if test.failure:
            yield f"FAILED {test.suite}: {test.name}"
            yield test.failure[-length:]


def main() -> None:
    """Print it; what failed comes last, where it is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the JUnit files are")
    parser.add_argument("--count", type=int, default=20, help="how many slow tests to print (default: %(default)s)")
    parser.add_argument("--length", type=int, default=2000, help="characters of each failure (default: %(default)s)")
    arguments = parser.parse_args()
    tests = tests_in(arguments.folder)
    print("\n".join((*times(tests, arguments.count), *failures(tests, arguments.length))))


if __name__ == "__main__":
    main()
