"""A process of the plain client. It reads a task a line from ORDERS, and says how each ended in a line."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from ikigai_core import Ikigai
from ikigai_core.errors import IkigaiError
from ikigai_core.runs import lost_start
from tests.chaos.flows import OUTPUT, variables_of
from tests.chaos.notes import FileNotes

_SECONDS = 600.0


def main(arguments: list[str]) -> int:
    """Perform the tasks; arguments: ORDERS ISOLATION NOTES LOOK_FOR."""
    orders, isolation, folder, look_for = arguments
    lost_start.LOOK_FOR = float(look_for)
    notes = FileNotes(Path(folder))
    how = {} if isolation == "shared" else {"isolation": isolation}
    with Ikigai() as ikigai, Path(orders).open() as tasks:
        for task in tasks:
            sys.stdout.write(json.dumps(_perform(ikigai, notes, how, **json.loads(task))) + "\n")
            sys.stdout.flush()
    return 0


def _perform(ikigai: Ikigai, notes: FileNotes, how: Any, app: str, flow: str, task: str) -> dict[str, Any]:
    """Run a flow for a task, or take up the run that a predecessor noted."""
    try:
        wanted = ikigai.apps[app].flows[flow]
        keep, previous = partial(notes.keep, task), notes.find(task)
        run = wanted.launch(variables_of(task), on_busy="wait", keep=keep, previous=previous, **how)
        log = run.result(timeout=_SECONDS)
    except IkigaiError as error:
        return {"ended": "failed", "error": f"{type(error).__name__}: {error}"}
    variables = dict(run.variables)
    said = {"variables": variables, "output": variables.get(OUTPUT), "doubt": run.doubt}
    return {"ended": "success", "log_id": log.log_id, **said}
