"""Turns the platform's names into names that Prefect accepts."""

from __future__ import annotations

import re
from uuid import UUID

from prefect.runtime import flow_run

from ikigai_core.orchestration import shortened, slug

_LONGEST_ASSET_PART = 200
_GENERATED = re.compile(r"(?<=.)_[0-9a-f]{12}$")
_TIME = re.compile(r"_(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d$")
"""A time to the minute also has twelve digits. Somebody else gave such a name."""


def artifact_key(*names: str) -> str:
    """The key of the artifact for the object with these names."""
    return "-".join(["ikigai", *(slug(name) for name in names)])


def asset_key(app: str, dataset: str) -> str:
    """The key of a dataset's asset: ``ikigai://<app>/<dataset>``."""
    return "/".join(["ikigai:/", *(shortened(slug(name), _LONGEST_ASSET_PART) for name in (app, dataset))])


def output_name(name: str, *parts: object) -> str:
    """Return a dataset name that only the current flow run uses, so that runs do not overwrite each other's output.

    The name stays the same if the flow run is repeated, so that the run of an earlier attempt is found.

    Parameters
    ----------
    name : str
        Name of the dataset, for example ``late_flights``.
    *parts
        Values that distinguish the runs of one flow run, for example the item of a map.

    Returns
    -------
    str
        For example ``late_flights_jfk_0d1f6a3c``. Outside of a flow run, the last part is missing.

    Examples
    --------
    >>> [{"output": output_name("late_flights", airport)} for airport in ["JFK", "LGA"]]
    [{'output': 'late_flights_jfk'}, {'output': 'late_flights_lga'}]
    """
    words = [slug(str(part), "_") for part in parts]
    current = flow_run.id
    return "_".join([name, *words]) + (generated_part(UUID(current)) if current else "")


def generated_part(flow_run_id: UUID) -> str:
    """The part of an output's name that stands for the flow run."""
    return f"_{str(flow_run_id)[-12:]}"


def is_generated_from(name: str, dataset: str) -> bool:
    """Whether `output_name` made a dataset's name of this name, in some flow run."""
    stable = without_generated_part(dataset)
    return stable != dataset and not _TIME.search(dataset) and (stable == name or stable.startswith(f"{name}_"))


def without_generated_part(name: str) -> str:
    """The name of an output without the part that stands for a flow run."""
    return _GENERATED.sub("", name)
