"""``python -m ikigai_core.cli``: the command line, if the script ``ikigai`` is not on the path."""

from __future__ import annotations

import sys

from ikigai_core.cli import main

sys.exit(main())
