"""The platform's enumerations. Their values are those of its API."""

from __future__ import annotations

from enum import StrEnum


class FlowStatus(StrEnum):
    """State of a flow, or of one of its runs.

    A flow can have all of these except ``SUCCESS``, which only run logs have.
    """

    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    IDLE = "IDLE"
    UNKNOWN = "UNKNOWN"
    SUCCESS = "SUCCESS"

    def __repr__(self) -> str:
        return self.value


class DatasetDataType(StrEnum):
    """Type of a dataset's column."""

    NUMERIC = "NUMERIC"
    TEXT = "TEXT"
    CATEGORICAL = "CATEGORICAL"
    TIME = "TIME"

    def __repr__(self) -> str:
        return f"<DataType.{self.name}: {self.value!r}>"


class DatasetDownloadStatus(StrEnum):
    """State of the preparation of a download."""

    SUCCESS = "SUCCESS"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"


class DirectoryType(StrEnum):
    """Kind of the components in a directory."""

    APP = "PROJECT"
    DATASET = "DATASET"
    FLOW = "PIPELINE"
    MODEL = "MODEL"


class AppAccessLevel(StrEnum):
    """A user's rights in an app."""

    OWNER = "OWNER"
    BUILDER = "BUILDER"
    VIEWER = "VIEWER"


class CustomFacetAccessLevel(StrEnum):
    """A user's rights for a custom facet."""

    ADMIN = "ADMIN"
    EDITOR = "EDIT"
    VIEWER = "VIEW"
    RUNNER = "RUN"


class CustomFacetArgumentType(StrEnum):
    """Type of a custom facet's argument, as its script names it."""

    BOOLEAN = "bool"
    INTEGER = "int"
    STRING = "str"
    FLOAT = "float"


class ValueType(StrEnum):
    """Type of a facet's argument, or of a model's parameter or hyperparameter."""

    MAP = "MAP"
    BOOLEAN = "BOOLEAN"
    TEXT = "TEXT"
    NUMBER = "NUMBER"
