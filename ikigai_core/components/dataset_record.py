"""What the platform tells of a dataset."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ikigai_core.components.component import Component
from ikigai_core.enums import DatasetDataType
from ikigai_core.records import Record, printed


class ColumnDataType(BaseModel):
    """Type of a column, and how its values are written.

    Attributes
    ----------
    data_type : DatasetDataType
    data_formats : dict of str to str
        Such as ``{"numeric_format": "INTEGER"}``.
    """

    data_type: DatasetDataType
    data_formats: dict[str, str] = {}


class DatasetLog(Record):
    """What became of a dataset's data, such as of an upload.

    Attributes
    ----------
    status : str
        Such as ``SUCCESS`` or ``FAILED``.
    job_type : str
        Such as ``UPLOAD_DATASET``.
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
    """What the platform tells of a dataset.

    Attributes
    ----------
    app_id, dataset_id, name, filename, file_extension : str
    data_types : dict of str to ColumnDataType
        By column.
    size : int
        Bytes of the data as CSV.
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
        """The dataset's data as plain values, from which `from_dict` makes it again."""
        return {**self.model_dump(), "agent_access": self.agent_access}

    @property
    def web_url(self) -> str | None:
        """The dataset's page for people; None where the platform's pages are not known. Sends nothing."""
        return self._page(self.app_id, "datasets", self.dataset_id)

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__
