"""The async client: every call is awaited.

Its modules load with it, so that none loads on the event loop. The HTTP library loads in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ikigai_core.app_documents.applying import apply_app, plan_app
from ikigai_core.app_documents.documents import AppDocument
from ikigai_core.app_documents.plan import AppPlan
from ikigai_core.app_documents.reading import read_document
from ikigai_core.catalog.kinds import apps_of, custom_facets_of
from ikigai_core.client_base import Client
from ikigai_core.components.app import AsyncApp
from ikigai_core.components.app_builder import AsyncAppBuilder
from ikigai_core.components.app_directory import AsyncAppDirectory, AsyncAppDirectoryBuilder
from ikigai_core.components.browser import AsyncBrowser
from ikigai_core.components.custom_facet import AsyncCustomFacet
from ikigai_core.components.custom_facet_builder import AsyncCustomFacetBuilder
from ikigai_core.components.directory import list_directories
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.procedure import Procedure
from ikigai_core.runs.flow_run import AsyncFlowRun
from ikigai_core.runs.outages import OUTAGE
from ikigai_core.runs.watch import OnUpdateOf, RunOutcome, outcomes
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes

if TYPE_CHECKING:
    from ikigai_core.transport.aio import AsyncDriver

R = TypeVar("R")


class AsyncIkigai(Client):
    """A user's access to a platform, for asyncio: every call is awaited. It needs the extra ``async``.

    Constructing one sends nothing. It is an async context manager that closes its connections.

    Examples
    --------
    >>> async with AsyncIkigai("bob@example.com", "my-ikigai-api-key") as ikigai:
    ...     app = await ikigai.apps["Example"]
    ...     log = await (await app.flows["Forecast"]).run()
    """

    _driver: AsyncDriver | None = None

    async def run(self, procedure: Procedure[R]) -> R:
        """Run a procedure."""
        if self._driver is None:
            # The first import takes a while. Meanwhile the event loop continues.
            home = await asyncio.to_thread(import_module, "ikigai_core.transport.aio")
            if self._driver is None:
                self._driver = home.AsyncDriver(self._config)
        driver: AsyncDriver = self._driver
        return await driver.run(procedure)

    @property
    def apps(self) -> AsyncBrowser[AsyncApp]:
        """The user's apps: ``await ikigai.apps()``, ``await ikigai.apps["name"]``."""
        return AsyncBrowser(self, apps_of(self.user_email), AsyncApp)

    @property
    def app(self) -> AsyncAppBuilder:
        """A builder of an app: ``await ikigai.app.new(name).build()``."""
        return AsyncAppBuilder(self, self.user_email, AsyncApp)

    @property
    def custom_facets(self) -> AsyncBrowser[AsyncCustomFacet]:
        """The user's custom facets: ``await ikigai.custom_facets()``, ``await ikigai.custom_facets["name"]``."""
        return AsyncBrowser(self, custom_facets_of(self.user_email), AsyncCustomFacet)

    @property
    def custom_facet(self) -> AsyncCustomFacetBuilder:
        """A builder of a custom facet: ``await ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""
        return AsyncCustomFacetBuilder(self, AsyncCustomFacet)

    async def app_directories(self) -> NamedMapping[AsyncAppDirectory]:
        """The user's directories of apps, as a mapping by name."""
        return await self.run(list_directories(AsyncAppDirectory, self))

    @property
    def app_directory(self) -> AsyncAppDirectoryBuilder:
        """A builder of a directory of apps: ``await ikigai.app_directory.new(name).build()``."""
        return AsyncAppDirectoryBuilder(self, AsyncAppDirectory)

    @property
    def facet_types(self) -> Coroutine[Any, Any, FacetTypes]:
        """The facet types that flows are built from: ``(await ikigai.facet_types).MID.Count``."""
        return self.run(self.facet_types_procedure())

    @property
    def model_types(self) -> Coroutine[Any, Any, ModelTypes]:
        """The types of models: ``(await ikigai.model_types).Linear.Lasso``."""
        return self.run(self.model_types_procedure())

    async def app_document(self, app: str) -> AppDocument:
        """The app with that name as a document: schemas, models, custom facets, flows, schedules and grants.

        Raises
        ------
        NotFoundError
            There is no such app.
        InvalidDefinitionError, AmbiguousError
            Something in the app cannot be written by names.
        """
        return await self.run(read_document(self, app))

    async def plan_app(
        self, document: AppDocument | str | Path | Mapping[str, Any], app: str | None = None, *, prune: bool = False
    ) -> AppPlan:
        """What `apply_app` would change. Changes nothing. Parameters and errors as there."""
        return await self.run(plan_app(self, document, app, prune=prune))

    async def apply_app(
        self, document: AppDocument | str | Path | Mapping[str, Any], app: str | None = None, *, prune: bool = False
    ) -> AppPlan:
        """Create or update an app as its document says, and return what was changed.

        If something that the document refers to cannot be resolved, nothing is changed. What the document leaves out
        stays as it is.

        Parameters
        ----------
        document : AppDocument, path or mapping
            A path is that of a folder that `AppDocument.save` wrote, or of one file with the whole document.
        app : str, optional
            Name of the app. Default: the name in the document.
        prune : bool, default False
            Delete the flows, models, datasets, grants and schedules of the app that the document does not have.

        Raises
        ------
        InvalidDefinitionError
            The document is invalid, or refers to something that neither it nor the platform has.
        AmbiguousError
            Several components of the app share a name of the document.

        Examples
        --------
        >>> (await ikigai.app_document("Late flights")).save("late_flights")
        >>> print(await ikigai.plan_app("late_flights", app="Late flights (production)"))
        >>> await ikigai.apply_app("late_flights", app="Late flights (production)")
        """
        return await self.run(apply_app(self, document, app, prune=prune))

    def flow_run(self, run: Mapping[str, Any]) -> AsyncFlowRun:
        """Restore a run from the dictionary that `FlowRun.to_dict` made, in this or another process. Sends nothing."""
        return AsyncFlowRun.from_dict(run, self)

    async def watch(
        self,
        runs: Iterable[AsyncFlowRun],
        timeout: float | None = None,
        on_update: OnUpdateOf[AsyncFlowRun] | None = None,
        *,
        outage: float = OUTAGE,
    ) -> AsyncIterator[RunOutcome[AsyncFlowRun]]:
        """Follow several runs at once, and yield the outcome of each run when it ends.

        All polling in this process shares one budget of requests per second (100, or ``IKIGAI_POLLING_RATE`` in the
        environment). If the budget is used up, all runs are polled less often.

        Parameters
        ----------
        runs : iterable of AsyncFlowRun
        timeout : float, optional
            Seconds, for all runs together. A run that is still running then ends with `RunTimeoutError`.
        on_update : callable, optional
            Called with a run and a `FlowStatusReport`, as in `FlowRun.wait`.
        outage : float, default 300
            Seconds for which the platform may be unavailable.

        Examples
        --------
        >>> async for outcome in ikigai.watch(runs):
        ...     print(outcome.run.flow_name, outcome.error or outcome.log.status)
        """
        followed = outcomes(runs, timeout, on_update, outage=outage)
        tasks = [asyncio.create_task(self.run(procedure)) for procedure in followed]
        try:
            for ended in asyncio.as_completed(tasks):
                yield await ended
        finally:
            for task in tasks:
                task.cancel()

    async def aclose(self) -> None:
        """Close the connections. The client opens them again if it is used again."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
