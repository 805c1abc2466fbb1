"""Triggers for `AssetWatcher`: they start DAGs when something happened on the platform.

Each has its own *watermark*, what it has seen last. It lies in the asset's state store, which Airflow has since 3.3, so
it also fires for what happened while no triggerer ran. With earlier releases a trigger starts from what it finds.
It is one look behind: events from just before the end of a triggerer may come twice.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Hashable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_provider_ikigai.conditions import RECENT_RUNS, described
from airflow_provider_ikigai.hooks.ikigai import IkigaiAsyncHook, IkigaiHook
from airflow_provider_ikigai.naming import dataset_uri
from airflow_provider_ikigai.triggers.base import VersionedTrigger
from ikigai_core.errors import IkigaiError, NotFoundError
from ikigai_core.orchestration import component_result
from ikigai_core.polling import snapshots

if TYPE_CHECKING:
    from ikigai_core import AsyncApp, AsyncIkigai


class _WatchingTrigger(VersionedTrigger, BaseEventTrigger):
    """An event trigger that compares the state of the platform with the previous state. Equal triggers share requests.

    Parameters
    ----------
    app : str
        Name or id of the app.
    ikigai_conn_id : str
        Connection of type ``ikigai``.
    poll_interval : float
        Seconds between two looks, a tenth more or less.
    version : int
        The form of these arguments.
    **arguments
        What else the trigger is made of.
    """

    watermark_key: ClassVar[str]
    nothing: ClassVar[Mapping[str, Any]] = {}
    """The result of a look if the app or the flow does not exist."""
    app: str
    ikigai_conn_id: str
    poll_interval: float

    def __init__(self, *, app: str, ikigai_conn_id: str, poll_interval: float, version: int, **arguments: Any) -> None:
        super().__init__(
            version=version, app=app, ikigai_conn_id=ikigai_conn_id, poll_interval=poll_interval, **arguments
        )

    def shared_stream_key(self) -> Hashable:
        """Triggers with the same target, interval and connection share their requests."""
        _, arguments = self.serialize()
        return (type(self).__name__, *(str(arguments[name]) for name in self._shared))

    _shared: ClassVar[tuple[str, ...]] = ("ikigai_conn_id", "app", "poll_interval")

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        """Yield the result of each poll, as long as there is a subscriber."""
        trigger = cls(**kwargs)
        async with IkigaiAsyncHook(trigger.ikigai_conn_id).shared_conn() as ikigai:
            async for seen in snapshots(lambda: trigger._look(ikigai), trigger.poll_interval, on_failure=trigger._told):
                yield seen

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """Yield an event for everything new to this trigger.

        The stored watermark moves one look later: a triggerer takes an event some time before it records it. If it ends
        in between, the next one tells the event again.
        """
        watermark = stored = await self._stored()
        async for shown in shared_stream:
            if watermark != stored:
                stored = watermark
                await self._store(watermark)
            try:
                seen = await self.reach_back(shown, watermark)
            except IkigaiError as error:
                self._told(error)
                continue
            new, newest = self.compare(seen, watermark)
            for payload in new:
                yield TriggerEvent(payload)  # type: ignore[no-untyped-call]
            watermark = newest
            if not new and newest != stored:
                stored = newest
                await self._store(newest)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """The same for an Airflow without shared streams."""
        async for event in self.filter_shared_stream(self.open_shared_stream(self.serialize()[1])):
            yield event

    async def _look(self, ikigai: AsyncIkigai) -> Any:
        try:
            seen = await self.look(await ikigai.apps.find(self.app))
        except NotFoundError as error:
            # The component does not exist yet, so its first run, or the dataset itself, will be new.
            self._told(error)
            return self.nothing
        self._failure = ""
        return seen

    @abstractmethod
    async def look(self, app: AsyncApp) -> Any:
        """Return the current state."""

    async def reach_back(self, seen: Any, watermark: Any) -> Any:
        """Return a look that goes back to this trigger's watermark, which siblings do not share."""
        return seen

    @abstractmethod
    def compare(self, seen: Any, watermark: Any) -> tuple[list[dict[str, Any]], Any]:
        """Return the payloads of what is new, oldest first, and the new watermark.

        Without a watermark nothing is new: the trigger begins now.
        """

    _failure = ""

    def _told(self, error: IkigaiError) -> None:
        """Log a failure once. The watcher continues after every failure, as nobody would notice if it stopped."""
        # Without the id of the request, which differs each time.
        failure = f"{type(error).__name__}: {getattr(error, 'message', error)}"
        if failure != self._failure:
            self._failure = failure
            self.log.warning("Still watching after this failure: %s", error)

    async def _stored(self) -> Any:
        store = getattr(self, "asset_state_store", None)
        try:
            return None if store is None else await store.aget(self.watermark_key)
        except ValueError:
            # A trigger that watches several assets has no state store of its own.
            return None

    async def _store(self, watermark: Any) -> None:
        store = getattr(self, "asset_state_store", None)
        try:
            if store is not None:
                await store.aset(self.watermark_key, watermark)
        except ValueError:
            return


class IkigaiFlowRunFinishedTrigger(_WatchingTrigger):
    """Fires for each run of a flow that ends, no matter who started it: a person, a schedule or another DAG.

    Parameters
    ----------
    app : str
        Name or id of the app.
    flow : str
        Name or id of the flow.
    statuses : sequence of str, default ("SUCCESS",)
        The ends that count: ``SUCCESS``, ``FAILED``, ``STOPPED``.
    ikigai_conn_id : str, default "ikigai_default"
        Connection of type ``ikigai``.
    poll_interval : float, default 30
        Seconds between two looks, a tenth more or less.
    version : int, default 1
        The form of these arguments.

    Notes
    -----
    The event's payload has ``app_id``, ``flow_id``, ``flow`` (its name) and ``run_log``.

    Examples
    --------
    >>> trigger = IkigaiFlowRunFinishedTrigger(app="Late flights", flow="Late flights")
    >>> asset = dataset_asset("Late flights", "late_flights", watchers=[AssetWatcher(name="flow ran", trigger=trigger)])
    """

    watermark_key = "ikigai_newest_run_log"
    nothing: ClassVar[Mapping[str, Any]] = {"run_logs": []}
    _shared = (*_WatchingTrigger._shared, "flow")
    flow: str
    statuses: list[str]

    def __init__(
        self,
        *,
        app: str,
        flow: str,
        statuses: tuple[str, ...] | list[str] = ("SUCCESS",),
        ikigai_conn_id: str = IkigaiHook.default_conn_name,
        poll_interval: float = 30.0,
        version: int = 1,
    ) -> None:
        super().__init__(
            app=app,
            ikigai_conn_id=ikigai_conn_id,
            poll_interval=poll_interval,
            version=version,
            flow=flow,
            statuses=list(statuses),
        )

    async def look(self, app: AsyncApp) -> dict[str, Any]:
        """The flow and its newest runs, newest first."""
        return await self._newest(app, RECENT_RUNS)

    async def reach_back(self, seen: dict[str, Any], watermark: str | None) -> dict[str, Any]:
        """Ask for more and more runs, until the one that the watermark names is among them or there are no more."""
        depth = RECENT_RUNS
        if watermark is None or not _goes_on_before(seen, watermark, depth):
            return seen
        async with IkigaiAsyncHook(self.ikigai_conn_id).shared_conn() as ikigai:
            app = await ikigai.apps.find(self.app)
            while _goes_on_before(seen, watermark, depth):
                depth *= 10
                seen = await self._newest(app, depth)
        return seen

    async def _newest(self, app: AsyncApp, count: int) -> dict[str, Any]:
        flow = await app.flows.find(self.flow)
        logs = await flow.run_logs(count)
        return {"about": component_result(flow), "run_logs": [log.model_dump(mode="json") for log in logs]}

    def compare(self, seen: Mapping[str, Any], watermark: str | None) -> tuple[list[dict[str, Any]], str]:
        """The runs that ended after the one that the watermark names."""
        ids = [log["log_id"] for log in seen["run_logs"]]
        newest = ids[0] if ids else ""
        if watermark is None:
            return [], newest
        count = ids.index(watermark) if watermark in ids else len(ids)
        new = [log for log in reversed(seen["run_logs"][:count]) if log["status"] in self.statuses]
        return [{**seen["about"], "run_log": log} for log in new], newest or watermark


def _goes_on_before(seen: Mapping[str, Any], watermark: str, depth: int) -> bool:
    """Return True if a look of a depth does not go back to the watermark, and a deeper one shows more."""
    logs = seen["run_logs"]
    return len(logs) >= depth and all(log["log_id"] != watermark for log in logs)


class IkigaiDatasetChangedTrigger(_WatchingTrigger):
    """Fires each time that a dataset's data change, and when a dataset of that name appears.

    All triggers for datasets of one app share one look, which is one request.

    Parameters
    ----------
    app : str
        Name or id of the app.
    dataset : str
        Name of the dataset.
    ikigai_conn_id : str, default "ikigai_default"
        Connection of type ``ikigai``.
    poll_interval : float, default 30
        Seconds between two looks, a tenth more or less. Changes between two looks are one event.
    version : int, default 1
        The form of these arguments.

    Notes
    -----
    The event's payload has ``app_id``, ``dataset_id``, ``dataset`` (its name), ``size``, ``modified_at`` and ``uri``,
    the dataset's address as an asset.
    """

    watermark_key = "ikigai_dataset_state"
    dataset: str

    def __init__(
        self,
        *,
        app: str,
        dataset: str,
        ikigai_conn_id: str = IkigaiHook.default_conn_name,
        poll_interval: float = 30.0,
        version: int = 1,
    ) -> None:
        super().__init__(
            app=app, ikigai_conn_id=ikigai_conn_id, poll_interval=poll_interval, version=version, dataset=dataset
        )

    async def look(self, app: AsyncApp) -> dict[str, Any]:
        """All datasets of the app by name. If several have the same name, the one that was changed last."""
        datasets = sorted((await app.datasets()).values(), key=lambda dataset: dataset.modified_at)
        return {
            dataset.name: {**described(dataset), "uri": dataset_uri(app.name, dataset.name)} for dataset in datasets
        }

    def compare(self, seen: Mapping[str, Any], watermark: str | None) -> tuple[list[dict[str, Any]], str]:
        """The dataset, if it is not as the watermark says."""
        found = seen.get(self.dataset)
        state = f"{found['dataset_id']} {found['modified_at']} {found['size']}" if found else ""
        is_new = watermark is not None and found is not None and state != watermark
        return [dict(found)] if is_new and found is not None else [], state
