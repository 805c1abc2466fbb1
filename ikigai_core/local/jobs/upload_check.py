"""``python -m ikigai_core.local.jobs.upload_check CSV RESULT``: check an uploaded file, write the verdict.

It runs in its own process: foreign tables can take much time and memory, which must not stop the API.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ikigai_core.local.engine.examination import examine


def main(csv: Path, result: Path) -> None:
    """Write the file's columns, or the reason why it is not a table."""
    draft = result.with_suffix(".new")
    draft.write_text(json.dumps(asdict(examine(csv))), encoding="utf-8")
    draft.replace(result)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
