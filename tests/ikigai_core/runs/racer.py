"""A process that starts a flow whenever it is told to, follows the run, and says what it takes for its own."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

from ikigai_core import Ikigai, errors


def main(arguments: list[str]) -> int:
    """Take orders from the file that is the first argument."""
    orders, name, url, user, key, app, flow = arguments
    random.seed(f"{os.environ['IKIGAI_TEST_SEED']} {name}")
    with Ikigai(user, key, url, user_agent=name) as ikigai:
        wanted = ikigai.apps[app].flows[flow]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        with Path(orders).open(encoding="utf-8") as lines:
            for _ in lines:
                sys.stdout.write(json.dumps(_race(wanted)) + "\n")
                sys.stdout.flush()
    return 0


def _race(flow: object) -> dict[str, object]:
    try:
        # Storing what is kept takes a while in real life, in which others go on.
        run = flow.launch(keep=lambda kept: time.sleep(random.uniform(0, 0.005)))  # type: ignore[attr-defined]
        log = run.wait(timeout=30)
    except errors.FlowBusyError:
        return {"busy": True}
    except errors.RunAmbiguousError as error:
        return {"doubt": str(error)}
    return {"log_id": log.log_id, "doubt": run.doubt}
