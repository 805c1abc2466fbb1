"""The stored state of an app, read once from the platform. Definitions are built from it without requests."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cronsim import CronSim, CronSimError

from dagster_ikigai.flows.app_flow import IkigaiAppFlow
from dagster_ikigai.flows.facets import FlowFacet, Target, facets_and_targets
from dagster_ikigai.forms import read_form

if TYPE_CHECKING:
    from dagster_ikigai.connection import IkigaiWorkspace
    from ikigai_core import App, Dataset, FacetTypes, Flow, Schedule

_log = logging.getLogger("dagster_ikigai")

VERSION = 1
_TIMES_LOOKED_AT = 400


@dataclass(frozen=True)
class IkigaiAppState:
    """The state of an app with its flows, at the time when it was read.

    Attributes
    ----------
    app_id, app, owner : str
        The app's id and name, and its owner's email address.
    flows : list of IkigaiAppFlow
        Oldest first.
    datasets, models : list of str
        Names, oldest first.

    Examples
    --------
    ``IkigaiAppState.read(IkigaiWorkspace(), "Late flights")`` reads a state from the platform. A state can be saved.

    >>> state = IkigaiAppState(app_id="1", app="Late flights", owner="bob@example.com")
    >>> state.save("late_flights.json")
    >>> IkigaiAppState.load("late_flights.json") == state
    True
    """

    app_id: str
    app: str
    owner: str
    flows: list[IkigaiAppFlow] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, workspace: IkigaiWorkspace, app: str) -> Self:
        """Read the state from the platform, with six requests for any number of flows.

        Raises
        ------
        Failure
            The platform refused a request, or the app does not exist.
        """
        from dagster_ikigai.failures import dagster_failures

        with dagster_failures(), workspace.get_client() as ikigai:
            found = ikigai.apps.find(app)
            datasets: list[Dataset] = _oldest_first(found.datasets().values(), "dataset_id")
            models = _oldest_first(found.models().values(), "model_id")
            flows: list[Flow] = _oldest_first(_without_copies(found.flows().values()), "flow_id")
            definitions = found.flow_definitions()
            facet_types = _names_of(ikigai.facet_types)
        names = {dataset.dataset_id: dataset.name for dataset in datasets}
        return cls(
            app_id=found.app_id,
            app=found.name,
            owner=found.owner,
            flows=[_read_flow(found, flow, definitions.get(flow.flow_id), names, facet_types) for flow in flows],
            datasets=list(dict.fromkeys(names.values())),
            models=list(dict.fromkeys(model.name for model in models)),
        )

    def to_json(self) -> str:
        """The state as JSON text, including its format version."""
        content = {**asdict(self), "flows": [flow.to_dict() for flow in self.flows]}
        return json.dumps({"version": VERSION, **content}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` of this release wrote.

        Raises
        ------
        ValueError
            The text is not a state, or another release wrote it in another format.
        """
        remedy = "Refresh it: dg utils refresh-defs-state."
        content = read_form("The stored state of an Ikigai app", text, VERSION, remedy)
        return cls(**{**content, "flows": [IkigaiAppFlow.from_dict(flow) for flow in content["flows"]]})

    def save(self, path: str | Path) -> None:
        """Write the state to a file."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the state from a file that `save` wrote. Raises the same errors as `from_json`."""
        return cls.from_json(Path(path).read_text(encoding="utf-8"))

    def selected(self, include: list[str] | None, exclude: list[str]) -> Self:
        """The state with some of the app's flows.

        Parameters
        ----------
        include, exclude : list of str
            Names of flows, or patterns such as ``daily *``.

        If a name or pattern in `include` matches no flow, a warning is logged: the flow may have been deleted.
        """
        from ikigai_core.errors import did_you_mean

        names = [flow.name for flow in self.flows]
        for pattern in include or []:
            if not any(fnmatchcase(name, pattern) for name in names):
                _log.warning("App %r has no flow %r. %s", self.app, pattern, did_you_mean(pattern, names))

        def is_wanted(name: str) -> bool:
            wanted = include is None or any(fnmatchcase(name, pattern) for pattern in include)
            return wanted and not any(fnmatchcase(name, pattern) for pattern in exclude)

        return replace(self, flows=[flow for flow in self.flows if is_wanted(flow.name)])


def _oldest_first(components: Any, id_name: str) -> list[Any]:
    return sorted(components, key=lambda component: (component.created_at, getattr(component, id_name)))


def _without_copies(flows: Iterable[Flow]) -> list[Flow]:
    """The flows without private copies, which exist only during a run."""
    from ikigai_core.runs.copies import original_of

    return [flow for flow in flows if original_of(flow.name) is None]


def _names_of(facet_types: FacetTypes) -> dict[str, str]:
    """Facet types such as ``MID.Count`` by their uids."""
    groups = (facet_types.INPUT, facet_types.MID, facet_types.OUTPUT)
    return {each.facet_uid: f"{each.chain_group}.{each.name}" for group in groups for each in group}


def _read_flow(
    app: App,
    flow: Flow,
    definition: Mapping[str, Any] | None,
    dataset_names: Mapping[str, str],
    facet_types: Mapping[str, str],
) -> IkigaiAppFlow:
    from ikigai_core import FlowDefinition
    from ikigai_core.errors import InvalidDefinitionError

    facets: dict[str, FlowFacet] = {}
    targets: dict[str, Target] = {}
    try:
        loaded = FlowDefinition.load(definition or {})
    except InvalidDefinitionError as error:
        fault: str | None = str(error)
    else:
        facets, targets = facets_and_targets(loaded, dataset_names, facet_types)
        fault = _fault(facets, set(dataset_names.values()))
    return IkigaiAppFlow(
        app=app.name,
        app_id=app.app_id,
        flow_id=flow.flow_id,
        name=flow.name,
        facets=facets,
        targets=targets,
        digest=definition_digest(definition),
        period=_longest_period(flow.schedule),
        fault=fault,
    )


def definition_digest(definition: Any) -> str:
    """Digest of a definition in the platform's format."""
    return sha256(json.dumps(definition, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _longest_period(schedule: Schedule | None) -> float | None:
    """The longest time between two of a schedule's next runs, in seconds; None if it lists no next runs."""
    now = datetime.now(UTC)
    if schedule is None or (schedule.end_time is not None and schedule.end_time < now):
        return None
    try:
        times = list(islice(CronSim(schedule.cron, now), _TIMES_LOOKED_AT))
    except CronSimError:
        return None
    return max((after - before).total_seconds() for before, after in pairwise(times)) if len(times) > 1 else None


def _fault(facets: Mapping[str, FlowFacet], datasets: set[str]) -> str | None:
    """Why runs of the flow would fail, according to its definition; None if there is no known fault."""
    writers: dict[str, str] = {}
    for facet in facets.values():
        if facet.reads is not None and facet.reads not in datasets:
            return f"Facet {facet.label!r} imports dataset {facet.reads!r}, which the app does not have."
        if facet.writes:
            other = writers.setdefault(facet.writes, facet.label)
            if other != facet.label:
                return f"Facets {other!r} and {facet.label!r} both write dataset {facet.writes!r}."
    return None
