"""Run ``plain_late_flights.py``.

    python run_plain.py --result FILE --work-dir DIR

The platform is named by IKIGAI_BASE_URL, IKIGAI_USER_EMAIL and IKIGAI_API_KEY.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from ikigai_core import Ikigai
from ikigai_core.errors import IkigaiError

EXAMPLES = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the example once and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--result", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--work-dir", type=Path, required=True, help="an empty folder")
    arguments = parser.parse_args()
    try:
        result = run_late_flights(arguments.work_dir.resolve())
    except (IkigaiError, OSError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    arguments.result.write_text(json.dumps(result))
    return 0


def run_late_flights(work_dir: Path) -> dict[str, Any]:
    """Run the example.

    Returns
    -------
    dict
        ``who``, ``status``, ``rows``, ``seconds`` and ``output``.
    """
    sys.path.insert(0, str(EXAMPLES))
    from plain_late_flights import late_flights

    output = work_dir / "late_flights.csv"
    started = time.monotonic()
    with Ikigai() as ikigai:
        run_log = late_flights(ikigai, output)
    seconds = time.monotonic() - started
    rows = len(output.read_text().splitlines()) - 1
    return {
        "who": "plain client",
        "status": run_log.status.value,
        "rows": rows,
        "seconds": seconds,
        "output": str(output),
    }


if __name__ == "__main__":
    sys.exit(main())
