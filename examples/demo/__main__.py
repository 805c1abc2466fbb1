"""The same job through the plain client, Airflow, Prefect and Dagster, on one local platform; see ``make demo``.

python examples/demo [--with airflow,prefect,dagster]
"""

from __future__ import annotations

import argparse
import sys

from runner import PARTICIPANTS, run
from supervisor import supervise


def main() -> int:
    """Read the command line and run the demo."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    everyone = [name for name in PARTICIPANTS if name != "plain"]
    parser.add_argument("--with", dest="names", default=",".join(everyone), help="whom to show, default: %(default)s")
    names = [name for name in parser.parse_args().names.replace(",", " ").split() if name]
    unknown = [name for name in names if name not in everyone]
    if unknown or not names:
        parser.error(f"--with: {', '.join(unknown) or 'nobody'} is not one of {', '.join(everyone)}")
    return supervise(lambda folder: run(["plain", *names], folder))


if __name__ == "__main__":
    sys.exit(main())
