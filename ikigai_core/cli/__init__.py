"""The command line ``ikigai``. It needs the extra ``cli``.

Its commands call the client, which does all HTTP, polling and retries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

INTERRUPTED = 130
"""Exit status of an interrupted command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: the arguments of this process.
    """
    _open_closed_streams()
    try:
        from ikigai_core.cli import interrupts

        interrupts.say_at_once()
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _open_closed_streams() -> None:
    # Whoever starts a command may close them (`>&-`). Otherwise, the next file or connection would take their place.
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _run(arguments: Sequence[str] | None) -> int:
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"ikigai: the command line needs {' and '.join(missing)}, which the extra `cli` brings: "
            'pip install "ikigai-core[cli]"\n'
        )
        return 1
    from ikigai_core.cli.root import run

    return run(arguments)
