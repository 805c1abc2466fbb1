"""What clients are made of: the fields of a credentials block, in the core's words."""

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
        Gives the key as it is saved now, if the block has the key itself.

    Raises
    ------
    ikigai_core.orchestration.UnusableFieldError
        Naming the field, and what is wrong with it.
    """
    given = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in block.items()}
    if given.get("api_key") is not None:
        given["look_up_key"] = look_up_key
    return ConnectionFields.read({**given, "user_agent": USER_AGENT})
