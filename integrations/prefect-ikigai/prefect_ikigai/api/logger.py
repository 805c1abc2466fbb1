"""The logger of the current run."""

from __future__ import annotations

import logging
from typing import TypeAlias

from prefect.exceptions import MissingContextError
from prefect.logging import get_logger, get_run_logger

Logger: TypeAlias = "logging.Logger | logging.LoggerAdapter[logging.Logger]"


def current_logger() -> Logger:
    """The logger of the current task run or flow run. Outside of both, the logger of this package."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("prefect_ikigai")
