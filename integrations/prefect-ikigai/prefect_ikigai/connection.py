"""Translates the fields of a credentials block into the core's connection fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import prefect
from pydantic import SecretStr

from ikigai_core.orchestration import ConnectionFields
from prefect_ikigai._version import __version__

USER_AGENT = f"prefect-ikigai/{__version__} prefect/{prefect.__version__}"


def connection_fields(block: Mapping[str, Any], look_up_key: Callable[[], str] | None = None) -> ConnectionFields:
    """Check a block's fields.

    Parameters
    ----------
    block : mapping
        The values by field.
    look_up_key : callable, optional
        Returns the key as it is saved now, if the block contains the key itself.

    Raises
    ------
    ikigai_core.orchestration.UnusableFieldError
        A field is wrong. The error names the field and the fault.
    """
    given = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in block.items()}
    if given.get("api_key") is not None:
        given["look_up_key"] = look_up_key
    return ConnectionFields.read({**given, "user_agent": USER_AGENT})
