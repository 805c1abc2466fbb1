"""Gives the outputs of a run that was taken over the names that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ikigai_core
from ikigai_core import orchestration
from ikigai_core.errors import NotFoundError
from ikigai_core.procedure import Procedure
from prefect_ikigai.api.logger import current_logger

if TYPE_CHECKING:
    from ikigai_core.orchestration import AnyClient


def rename_outputs(ikigai: AnyClient, app: str, given: Mapping[str, Any], asked: Mapping[str, Any]) -> Procedure[None]:
    """Rename the datasets that a run wrote under names that `output_name` made for another flow run.

    Parameters
    ----------
    ikigai : Ikigai or AsyncIkigai
    app : str
        Name of the app.
    given : mapping
        The variables that the run was started with.
    asked : mapping
        The variables that were asked for. They differ only in generated names.
    """
    for name, wanted in asked.items():
        written = given.get(name, wanted)
        if written != wanted and isinstance(written, str) and isinstance(wanted, str):
            yield from _rename(ikigai, app, written, wanted)


def _rename(ikigai: AnyClient, app: str, written: str, wanted: str) -> Procedure[None]:
    if (yield from _find(ikigai, app, wanted)) is not None:
        return
    dataset = yield from _find(ikigai, app, written)
    if dataset is None:
        # The variable names no dataset.
        return
    yield from ikigai_core.Dataset.rename.procedure(dataset, wanted)
    told = "Dataset %r is %r now: another flow run had started the run that wrote it"
    current_logger().info(told, written, wanted)


def _find(ikigai: AnyClient, app: str, dataset: str) -> Procedure[Any]:
    try:
        return (yield from orchestration.find_dataset(ikigai, app, dataset))
    except NotFoundError:
        return None
