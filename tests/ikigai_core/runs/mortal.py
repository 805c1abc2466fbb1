"""A process that keeps a run in a file, starts it and follows it, and is killed on the way."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ikigai_core import Ikigai


def main(arguments: list[Any]) -> int:
    _, url, user, key, note, wait_in, isolation = arguments

    def keep(run: dict[str, object]) -> None:
        Path(f"{note}.new").write_text(json.dumps(run))
        os.replace(f"{note}.new", note)
        if run["phase"] == wait_in:
            time.sleep(600)

    with Ikigai(user, key, url) as ikigai:
        ikigai.apps["Deaths"].flows["Mortal"].launch(keep=keep, isolation=isolation).wait()
    return 0
