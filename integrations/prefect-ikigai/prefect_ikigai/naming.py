"""Names that Prefect accepts, made of names that people gave."""

from __future__ import annotations

from prefect.runtime import flow_run

from ikigai_core.orchestration import shortened, slug

_LONGEST_ASSET_PART = 200


def artifact_key(*names: str) -> str:
    """The key of an artifact that belongs to what these names name."""
    return "-".join(["ikigai", *(slug(name) for name in names)])


def asset_key(app: str, dataset: str) -> str:
    """The key of a dataset's asset: ``ikigai://<app>/<dataset>``."""
    return "/".join(["ikigai:/", *(shortened(slug(name), _LONGEST_ASSET_PART) for name in (app, dataset))])


def output_name(name: str, *parts: object) -> str:
    """A dataset's name of the current flow run's own, so that runs do not overwrite each other's output.

    It is the same when the flow run is tried again, so the run that an earlier try started is found.

    Parameters
    ----------
    name : str
        What the dataset is called, such as ``late_flights``.
    *parts
        What tells the runs of one flow run apart, such as the item that is mapped over.

    Returns
    -------
    str
        Such as ``late_flights_jfk_0d1f6a3c``; without the last part outside of a flow run.

    Examples
    --------
    >>> [{"output": output_name("late_flights", airport)} for airport in ["JFK", "LGA"]]
    [{'output': 'late_flights_jfk'}, {'output': 'late_flights_lga'}]
    """
    words = [slug(str(part), "_") for part in parts]
    current = flow_run.id
    return "_".join([name, *words, *([str(current)[-12:]] if current else [])])
