"""``python -m ikigai_core.local.upload_check CSV RESULT``: look at an uploaded file, write the verdict.

A process of its own: reading other people's tables takes time and memory, and must not take the API down.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ikigai_core.local.engine.tables import check_table, infer_columns


def main(csv: Path, result: Path) -> None:
    """Write why the file is no table, or what its columns are."""
    reason = check_table(csv)
    columns = {} if reason else infer_columns(csv)
    draft = result.with_suffix(".new")
    draft.write_text(json.dumps({"reason": reason, "columns": columns}), encoding="utf-8")
    draft.replace(result)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
