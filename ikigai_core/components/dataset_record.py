"""Records of datasets, as the platform describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ikigai_core.components.component import Component
from ikigai_core.enums import DatasetDataType
from ikigai_core.records import Record, printed


class ColumnDataType(BaseModel):
    """Type of a column, and the format of its values.

    Attributes
    ----------
    data_type : DatasetDataType
    data_formats : dict of str to str
        For example ``{"numeric_format": "INTEGER"}``.
    """

    data_type: DatasetDataType
    data_formats: dict[str, str] = {}


class DatasetLog(Record):
    """The outcome of a job on a dataset, for example of an upload.

    Attributes
    ----------
    status : str
        For example ``SUCCESS`` or ``FAILED``.
    job_type : str
        For example ``UPLOAD_DATASET``.
    timestamp : datetime
        With time zone.
    """

    status: str
    job_type: str = ""
    timestamp: datetime

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class DatasetRecord(Component):
    """Record of a dataset, as the platform describes it.

    Attributes
    ----------
    app_id, dataset_id, name, filename, file_extension : str
    data_types : dict of str to ColumnDataType
        By column.
    size : int
        Size of the data as CSV, in bytes.
    agent_access : bool
    created_at, modified_at : datetime
        With time zone.
    """

    app_id: str = Field(validation_alias="project_id")
    dataset_id: str
    name: str
    filename: str = ""
    file_extension: str = ""
    data_types: dict[str, ColumnDataType] = Field(default_factory=dict)
    size: int = 0
    agent_access: bool = Field(default=False, repr=False, exclude=True)
    created_at: datetime
    modified_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The dataset's data as plain values. `from_dict` restores the dataset from them."""
        return {**self.model_dump(), "agent_access": self.agent_access}

    @property
    def web_url(self) -> str | None:
        """Address of the dataset's page for people; None if the platform's pages are not known. Sends nothing."""
        return self._page(self.app_id, "datasets", self.dataset_id)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__
