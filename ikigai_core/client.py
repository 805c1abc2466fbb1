"""The sync client: every call returns when it is done.

Its modules load on first use, so that importing it costs very little.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ikigai_core.callbacks import check_callback
from ikigai_core.client_base import Client
from ikigai_core.procedure import Procedure
from ikigai_core.runs.outages import OUTAGE

if TYPE_CHECKING:
    from pathlib import Path

    from ikigai_core.app_documents.documents import AppDocument
    from ikigai_core.app_documents.plan import AppPlan
    from ikigai_core.components.app import App
    from ikigai_core.components.app_builder import AppBuilder
    from ikigai_core.components.app_directory import AppDirectory, AppDirectoryBuilder
    from ikigai_core.components.browser import Browser
    from ikigai_core.components.custom_facet import CustomFacet
    from ikigai_core.components.custom_facet_builder import CustomFacetBuilder
    from ikigai_core.components.named_mapping import NamedMapping
    from ikigai_core.runs.flow_run import FlowRun
    from ikigai_core.runs.watch import OnUpdateOf, RunOutcome
    from ikigai_core.specs.facet import FacetTypes
    from ikigai_core.specs.model import ModelTypes
    from ikigai_core.transport.sync import SyncDriver

R = TypeVar("R")


class Ikigai(Client):
    """A user's access to a platform. Every call returns when it is done.

    Constructing one sends nothing. It is a context manager that closes its connections.

    Examples
    --------
    >>> with Ikigai("bob@example.com", "my-ikigai-api-key") as ikigai:
    ...     log = ikigai.apps["Example"].flows["Forecast"].run()
    """

    _driver: SyncDriver | None = None

    def run(self, procedure: Procedure[R]) -> R:
        """Run a procedure."""
        return self._ready().run(procedure)

    def _ready(self) -> SyncDriver:
        if self._driver is None:
            from ikigai_core.transport.sync import SyncDriver

            self._driver = SyncDriver(self._config)
        return self._driver

    @property
    def apps(self) -> Browser[App]:
        """The user's apps: ``ikigai.apps()``, ``ikigai.apps["name"]``."""
        from ikigai_core.catalog.kinds import apps_of
        from ikigai_core.components.app import App
        from ikigai_core.components.browser import Browser

        return Browser(self, apps_of(self.user_email), App)

    @property
    def app(self) -> AppBuilder:
        """A builder of an app: ``ikigai.app.new(name).build()``."""
        from ikigai_core.components.app import App
        from ikigai_core.components.app_builder import AppBuilder

        return AppBuilder(self, self.user_email, App)

    @property
    def custom_facets(self) -> Browser[CustomFacet]:
        """The user's custom facets: ``ikigai.custom_facets()``, ``ikigai.custom_facets["name"]``."""
        from ikigai_core.catalog.kinds import custom_facets_of
        from ikigai_core.components.browser import Browser
        from ikigai_core.components.custom_facet import CustomFacet

        return Browser(self, custom_facets_of(self.user_email), CustomFacet)

    @property
    def custom_facet(self) -> CustomFacetBuilder:
        """A builder of a custom facet: ``ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""
        from ikigai_core.components.custom_facet import CustomFacet
        from ikigai_core.components.custom_facet_builder import CustomFacetBuilder

        return CustomFacetBuilder(self, CustomFacet)

    def app_directories(self) -> NamedMapping[AppDirectory]:
        """The user's directories of apps, as a mapping by name."""
        from ikigai_core.components.app_directory import AppDirectory
        from ikigai_core.components.directory import list_directories

        return self.run(list_directories(AppDirectory, self))

    def directories(self) -> NamedMapping[AppDirectory]:
        """The old name of `app_directories`."""
        warnings.warn("Use ikigai.app_directories() instead of ikigai.directories().", DeprecationWarning, stacklevel=2)
        return self.app_directories()

    @property
    def app_directory(self) -> AppDirectoryBuilder:
        """A builder of a directory of apps: ``ikigai.app_directory.new(name).build()``."""
        from ikigai_core.components.app_directory import AppDirectory, AppDirectoryBuilder

        return AppDirectoryBuilder(self, AppDirectory)

    @property
    def facet_types(self) -> FacetTypes:
        """The facet types that flows are built from: ``ikigai.facet_types.MID.Count``."""
        return self.run(self.facet_types_procedure())

    @property
    def model_types(self) -> ModelTypes:
        """The types of models: ``ikigai.model_types.Linear.Lasso``."""
        return self.run(self.model_types_procedure())

    def app_document(self, app: str) -> AppDocument:
        """The app with that name as a document: schemas, models, custom facets, flows, schedules and grants.

        Raises
        ------
        NotFoundError
            There is no such app.
        InvalidDefinitionError, AmbiguousError
            Something in the app cannot be written by names.
        """
        from ikigai_core.app_documents.reading import read_document

        return self.run(read_document(self, app))

    def plan_app(
        self, document: AppDocument | str | Path | Mapping[str, Any], app: str | None = None, *, prune: bool = False
    ) -> AppPlan:
        """What `apply_app` would change. Changes nothing. Parameters and errors as there."""
        from ikigai_core.app_documents.applying import plan_app

        return self.run(plan_app(self, document, app, prune=prune))

    def apply_app(
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
        >>> ikigai.app_document("Late flights").save("late_flights")
        >>> print(ikigai.plan_app("late_flights", app="Late flights (production)"))
        >>> ikigai.apply_app("late_flights", app="Late flights (production)")
        """
        from ikigai_core.app_documents.applying import apply_app

        return self.run(apply_app(self, document, app, prune=prune))

    def flow_run(self, run: Mapping[str, Any]) -> FlowRun:
        """Restore a run from the dictionary that `FlowRun.to_dict` made, in this or another process. Sends nothing."""
        from ikigai_core.runs.flow_run import FlowRun

        return FlowRun.from_dict(run, self)

    def watch(
        self,
        runs: Iterable[FlowRun],
        timeout: float | None = None,
        on_update: OnUpdateOf[FlowRun] | None = None,
        *,
        outage: float = OUTAGE,
    ) -> Iterator[RunOutcome[FlowRun]]:
        """Follow several runs at once, and yield the outcome of each run when it ends.

        All polling in this process shares one budget of requests per second (100, or ``IKIGAI_POLLING_RATE`` in the
        environment). If the budget is used up, all runs are polled less often.

        Parameters
        ----------
        runs : iterable of FlowRun
        timeout : float, optional
            Seconds, for all runs together. A run that is still running then ends with `RunTimeoutError`.
        on_update : callable, optional
            Called with a run and a `FlowStatusReport`, as in `FlowRun.wait`.
        outage : float, default 300
            Seconds for which the platform may be unavailable.

        Examples
        --------
        >>> for outcome in ikigai.watch([flow.start() for flow in app.flows().values()]):
        ...     print(outcome.run.flow_name, outcome.error or outcome.log.status)
        """
        from ikigai_core.runs.watch import outcomes

        check_callback(on_update, "on_update")
        return self._ready().run_all(outcomes(runs, timeout, on_update, outage=outage))

    def close(self) -> None:
        """Close the connections. The client opens them again if it is used again."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
