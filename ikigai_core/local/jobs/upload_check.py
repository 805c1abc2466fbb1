"""``python -m ikigai_core.local.jobs.upload_check CSV RESULT``: look at an uploaded file, write the verdict.

A process of its own: reading other people's tables takes time and memory, and must not take the API down.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ikigai_core.local.engine.examination import examine


def main(csv: Path, result: Path) -> None:
    """Write why the file is no table, or what its columns are."""
    draft = result.with_suffix(".new")
    draft.write_text(json.dumps(asdict(examine(csv))), encoding="utf-8")
    draft.replace(result)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
