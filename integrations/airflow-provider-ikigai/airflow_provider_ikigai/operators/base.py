"""What all operators of this provider share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator

from airflow_provider_ikigai.hooks.ikigai import IkigaiHook


class IkigaiBaseOperator(BaseOperator):
    """An operator with a connection to the Ikigai platform.

    Parameters
    ----------
    ikigai_conn_id : str, default "ikigai_default"
        Connection of type ``ikigai``.
    **kwargs
        Those of Airflow's `BaseOperator`.
    """

    template_fields: Sequence[str] = ("ikigai_conn_id",)
    ui_color = "#e8e4fb"

    def __init__(self, *, ikigai_conn_id: str = IkigaiHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ikigai_conn_id = ikigai_conn_id

    @cached_property
    def hook(self) -> IkigaiHook:
        """The hook of this operator's connection."""
        return IkigaiHook(self.ikigai_conn_id)
