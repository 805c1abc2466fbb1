"""The limits that asset checks use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ikigai_core.enums import DatasetDataType
from ikigai_core.errors import InvalidInputError
from ikigai_core.orchestration import MetricGates

COLUMN_TYPE_NAMES = [kind.value for kind in DatasetDataType]


@dataclass(frozen=True)
class CheckSettings:
    """The limits of the checks.

    Attributes
    ----------
    min_row_share : float
        The check fails if the number of rows is below this share of the last materialization's. Default: 0.5.
    max_null_share : float
        The check fails if the share of empty values in a column is above this. Default: 0.5.
    columns : mapping of str to mapping, optional
        Types by column (``NUMERIC``, ``TEXT``, ``CATEGORICAL``, ``TIME``), by dataset. Default: the types of the last
        materialization.
    metric_limits : mapping of str to mapping
        Minimum and maximum of a model's metrics, for example ``{"performance.r2.average_test": {"min": 0.8}}``.
    blocking : bool
        Whether a failed check prevents the materialization of downstream assets in the same run. Default: False.

    Raises
    ------
    ikigai_core.errors.InvalidInputError
        A limit is unusable. The error explains how to write it.

    Examples
    --------
    >>> strict = CheckSettings(min_row_share=0.9, max_null_share=0.0, blocking=True)
    >>> columns = CheckSettings(columns={"late_flights": {"carrier": "TEXT", "dep_delay": "NUMERIC"}})
    """

    min_row_share: float = 0.5
    max_null_share: float = 0.5
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    metric_limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    blocking: bool = False

    def __post_init__(self) -> None:
        if self.metric_limits:
            MetricGates.read(self.metric_limits)
        for name in ("min_row_share", "max_null_share"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise InvalidInputError(f"{name} is {share}: give a share from 0 to 1, such as 0.2 for 20 %.")
        for dataset, types in self.columns.items():
            for column, kind in types.items():
                if kind not in COLUMN_TYPE_NAMES:
                    raise InvalidInputError(
                        f"columns: column {column!r} of dataset {dataset!r} cannot be of type {kind!r}. "
                        f"The types are {', '.join(COLUMN_TYPE_NAMES)}."
                    )
