"""The platform's fixed vocabularies. Values are the wire's."""

from __future__ import annotations

from enum import StrEnum


class FlowStatus(StrEnum):
    """State of a flow, or of one of its runs.

    A flow reports all of these but ``SUCCESS``, which occurs in run logs only.
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
    """How far the platform is with preparing a download."""

    SUCCESS = "SUCCESS"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"


class DirectoryType(StrEnum):
    """What a directory holds."""

    APP = "PROJECT"
    DATASET = "DATASET"
    FLOW = "PIPELINE"
    MODEL = "MODEL"


class AppAccessLevel(StrEnum):
    """What a user may do with an app."""

    OWNER = "OWNER"
    BUILDER = "BUILDER"
    VIEWER = "VIEWER"


class CustomFacetAccessLevel(StrEnum):
    """What a user may do with a custom facet."""

    ADMIN = "ADMIN"
    EDITOR = "EDIT"
    VIEWER = "VIEW"
    RUNNER = "RUN"


class CustomFacetArgumentType(StrEnum):
    """Type of a custom facet's argument, in its script's terms."""

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
