"""The check of an uploaded file while its parts arrive, in a process of its own.

It leaves a verdict only on ordinary files. All others are checked when they are complete.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterator, Sequence
from pathlib import Path

from ikigai_core.local.engine.arrival import examine_arriving
from ikigai_core.local.engine.instances import make_ready
from ikigai_core.local.jobs.arriving_upload import ARRIVALS, ARRIVING, NO_MORE, NUMBER_BYTES
from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.job import result_path

before_fork = make_ready

# After that, the upload counts as abandoned.
_LONGEST_PAUSE_SECONDS = 60.0


def main(arguments: Sequence[str]) -> int:
    """Write the columns of a CSV file.

    Parameters
    ----------
    arguments : sequence of str
        The job's folder, the sizes of the file and of its parts, and the limits of the check.
    """
    folder = Path(arguments[0])
    CheckLimits.read(arguments[3:]).impose(waits=True)
    columns = examine_arriving(folder / ARRIVING, _ends(folder, int(arguments[1]), int(arguments[2])))
    if columns is not None:
        draft = folder / "result.new"
        described = {column.name: column.describe() for column in columns}
        draft.write_text(json.dumps({"reason": None, "columns": described}), encoding="utf-8")
        draft.replace(result_path(folder))
    return 0


def _ends(folder: Path, file_size: int, part_size: int) -> Iterator[int]:
    """Yield how many bytes of the file are there from its start on, part by part, as they arrive.

    Raises
    ------
    OSError
        A part does not arrive.
    """
    arrived = set()
    with (folder / ARRIVALS).open("rb", buffering=0) as arrivals:
        for number, end in enumerate(range(part_size, file_size + part_size, part_size), start=1):
            while number not in arrived:
                if not select.select([arrivals], [], [], _LONGEST_PAUSE_SECONDS)[0]:
                    raise TimeoutError(f"part {number} did not arrive")
                told = os.read(arrivals.fileno(), NUMBER_BYTES)
                arrived.add(int.from_bytes(told, "big"))
                if NO_MORE in arrived:
                    raise BrokenPipeError(f"part {number} will not arrive")
            yield min(end, file_size)
