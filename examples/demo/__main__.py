"""The same job through the plain client, Airflow, Prefect and Dagster, on one local platform; see ``make demo``.

python examples/demo [--with airflow,prefect,dagster]
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from participants import fail
from runner import PARTICIPANTS, run


def main() -> int:
    """Read the command line and run the demo."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    everyone = [name for name in PARTICIPANTS if name != "plain"]
    parser.add_argument("--with", dest="names", default=",".join(everyone), help="whom to show, default: %(default)s")
    names = [name for name in parser.parse_args().names.replace(",", " ").split() if name]
    unknown = [name for name in names if name not in everyone]
    if unknown or not names:
        parser.error(f"--with: {', '.join(unknown) or 'nobody'} is not one of {', '.join(everyone)}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="demo-", ignore_cleanup_errors=True) as folder:
            return run(["plain", *names], Path(folder))
    except KeyboardInterrupt:
        fail("interrupted")
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
