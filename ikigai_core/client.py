"""The two faces of the client."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ikigai_core.api import specs
from ikigai_core.components.app import App, AppBuilder, AsyncApp, AsyncAppBuilder
from ikigai_core.components.app_directory import (
    AppDirectory,
    AppDirectoryBuilder,
    AsyncAppDirectory,
    AsyncAppDirectoryBuilder,
)
from ikigai_core.components.browser import AsyncBrowser, Browser
from ikigai_core.components.custom_facet import (
    AsyncCustomFacet,
    AsyncCustomFacetBuilder,
    CustomFacet,
    CustomFacetBuilder,
)
from ikigai_core.components.directory import list_directories
from ikigai_core.components.kinds import apps_of, custom_facets_of
from ikigai_core.components.named_mapping import NamedMapping
from ikigai_core.config import ApiKey, Config, TlsConfig
from ikigai_core.definition.builder import FlowDefinitionBuilder
from ikigai_core.procedure import Procedure, ask
from ikigai_core.runs.flow_run import AsyncFlowRun, FlowRun
from ikigai_core.runs.patience import OUTAGE
from ikigai_core.runs.watch import OnUpdateOf, RunOutcome, outcomes
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes
from ikigai_core.web import WebPages

if TYPE_CHECKING:
    from ikigai_core.transport.aio import AsyncDriver
    from ikigai_core.transport.sync import SyncDriver

R = TypeVar("R")


class _Client:
    """What both faces have in common: the settings, and what needs no request."""

    def __init__(
        self,
        user_email: str | None = None,
        api_key: ApiKey | None = None,
        base_url: str | None = None,
        ssl: TlsConfig = True,
        *,
        ca_bundle: str | Path | None = None,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
        user_agent: str | None = None,
        web_url: str | None = None,
        profile: str | None = None,
    ) -> None:
        """Check the settings. Nothing is sent.

        Parameters
        ----------
        user_email : str, optional
            Default: the environment variable ``IKIGAI_USER_EMAIL``.
        api_key : str or callable, optional
            Default: the environment variable ``IKIGAI_API_KEY``. Never shown. A function that returns the key is asked
            at the first request, and again where the platform refuses the key; so are the environment and the profile.
        base_url : str, optional
            Default: the environment variable ``IKIGAI_BASE_URL``, or ``https://api.ikigailabs.io``.
        ssl : bool, str or (str, str), default True
            False turns the verification of the platform's certificate off (unsafe); a path, or a pair (certificate,
            key), is a client certificate.
        ca_bundle : path, optional
            The certificates to trust instead of the system's.
        connect_timeout, read_timeout : float, default 10 and 60
            Seconds.
        user_agent : str, optional
            Put before the client's own.
        web_url : str, optional
            Where the platform's pages are, for the ``web_url`` of components: an address, or a template of one (see
            `ikigai_core.web`). Default: the environment variable ``IKIGAI_WEB_URL``; without it, the pages of the
            default platform or of a local one.
        profile : str, optional
            Name of a profile (see `ikigai_core.profiles`) for what is not given here. Without it the environment comes
            before the profile that ``IKIGAI_PROFILE`` names, or the one named ``default``.

        Raises
        ------
        ConfigurationError
            Something is missing or unusable.
        """
        self._config = Config.resolve(
            user_email,
            api_key,
            base_url,
            ssl=ssl,
            ca_bundle=ca_bundle,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            user_agent=user_agent,
            web_url=web_url,
            profile=profile,
        )
        self._facet_types: FacetTypes | None = None
        self._model_types: ModelTypes | None = None

    @property
    def user_email(self) -> str:
        """Who the client acts for."""
        return self._config.user_email

    @property
    def base_url(self) -> str:
        """Where the platform is."""
        return self._config.base_url

    @property
    def pages(self) -> WebPages:
        """The addresses of the platform's pages."""
        return self._config.pages

    @property
    def builder(self) -> FlowDefinitionBuilder:
        """A new builder of a flow definition."""
        return FlowDefinitionBuilder()

    def facet_types_text(self) -> Procedure[FacetTypes]:
        """The facet types, asked for once; a procedure, for use within others."""
        if self._facet_types is None:
            self._facet_types = FacetTypes((yield from ask(specs.facets())))
        return self._facet_types

    def model_types_text(self) -> Procedure[ModelTypes]:
        """The model types, asked for once; a procedure, for use within others."""
        if self._model_types is None:
            self._model_types = ModelTypes((yield from ask(specs.models())))
        return self._model_types

    def __repr__(self) -> str:
        return f"{type(self).__name__}(user_email={self.user_email!r}, base_url={self.base_url!r})"


class Ikigai(_Client):
    """A user's access to a platform; every call returns when it is done.

    Constructing one sends nothing. It is a context manager that closes its connections.

    Examples
    --------
    >>> with Ikigai("bob@example.com", "my-ikigai-api-key") as ikigai:
    ...     log = ikigai.apps["Example"].flows["Forecast"].run()
    """

    _driver: SyncDriver | None = None

    def drive(self, procedure: Procedure[R]) -> R:
        """Perform a procedure."""
        return self._ready().drive(procedure)

    def _ready(self) -> SyncDriver:
        if self._driver is None:
            from ikigai_core.transport.sync import SyncDriver

            self._driver = SyncDriver(self._config)
        return self._driver

    @property
    def apps(self) -> Browser[App]:
        """The user's apps: ``ikigai.apps()``, ``ikigai.apps["name"]``."""
        return Browser(self, apps_of(self.user_email), App)

    @property
    def app(self) -> AppBuilder:
        """A builder of an app: ``ikigai.app.new(name).build()``."""
        return AppBuilder(self, self.user_email, App)

    @property
    def custom_facets(self) -> Browser[CustomFacet]:
        """The user's custom facets: ``ikigai.custom_facets()``, ``ikigai.custom_facets["name"]``."""
        return Browser(self, custom_facets_of(self.user_email), CustomFacet)

    @property
    def custom_facet(self) -> CustomFacetBuilder:
        """A builder of a custom facet: ``ikigai.custom_facet.new(name, facet_type=t).script(s).build()``."""
        return CustomFacetBuilder(self, CustomFacet)

    def app_directories(self) -> NamedMapping[AppDirectory]:
        """The user's directories of apps, as a mapping by name."""
        return self.drive(list_directories(AppDirectory, self))

    def directories(self) -> NamedMapping[AppDirectory]:
        """The old name of `app_directories`."""
        warnings.warn("Use ikigai.app_directories() instead of ikigai.directories().", DeprecationWarning, stacklevel=2)
        return self.app_directories()

    @property
    def app_directory(self) -> AppDirectoryBuilder:
        """A builder of a directory of apps: ``ikigai.app_directory.new(name).build()``."""
        return AppDirectoryBuilder(self, AppDirectory)

    @property
    def facet_types(self) -> FacetTypes:
        """What flows can be built from: ``ikigai.facet_types.MID.Count``."""
        return self.drive(self.facet_types_text())

    @property
    def model_types(self) -> ModelTypes:
        """What models can be made: ``ikigai.model_types.Linear.Lasso``."""
        return self.drive(self.model_types_text())

    def flow_run(self, run: Mapping[str, Any]) -> FlowRun:
        """The run that `FlowRun.to_dict` described, in this or another process. Sends nothing."""
        return FlowRun.from_dict(run, self)

    def watch(
        self,
        runs: Iterable[FlowRun],
        timeout: float | None = None,
        on_update: OnUpdateOf[FlowRun] | None = None,
        *,
        outage: float = OUTAGE,
    ) -> Iterator[RunOutcome[FlowRun]]:
        """Follow many runs at once, and yield each one's outcome as it ends.

        All of them, and all that the process follows otherwise, share one budget of requests a second (100, or
        ``IKIGAI_POLLING_RATE`` in the environment): where it is used up, looks at each run become less frequent alike.

        Parameters
        ----------
        runs : iterable of FlowRun
        timeout : float, optional
            Seconds, for all of them; those that go on then end with `RunTimeout`.
        on_update : callable, optional
            Told a run and a `FlowStatusReport`, as by `FlowRun.wait`.
        outage : float, default 300
            Seconds for which the platform may be away.

        Examples
        --------
        >>> for outcome in ikigai.watch([flow.start() for flow in app.flows().values()]):
        ...     print(outcome.run.flow_name, outcome.error or outcome.log.status)
        """
        return self._ready().drive_all(outcomes(runs, timeout, on_update, outage=outage))

    def close(self) -> None:
        """Close the connections. They are opened again where the client is used again."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncIkigai(_Client):
    """A user's access to a platform, of which every call is awaited. It needs the extra ``async``.

    Constructing one sends nothing. It is an async context manager that closes its connections.

    Examples
    --------
    >>> async with AsyncIkigai("bob@example.com", "my-ikigai-api-key") as ikigai:
    ...     app = await ikigai.apps["Example"]
    ...     log = await (await app.flows["Forecast"]).run()
    """

    _driver: AsyncDriver | None = None

    async def drive(self, procedure: Procedure[R]) -> R:
        """Perform a procedure."""
        if self._driver is None:
            # The first import takes a while, in which the event loop goes on.
            home = await asyncio.to_thread(import_module, "ikigai_core.transport.aio")
            if self._driver is None:
                self._driver = home.AsyncDriver(self._config)
        driver: AsyncDriver = self._driver
        return await driver.drive(procedure)

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
        return await self.drive(list_directories(AsyncAppDirectory, self))

    @property
    def app_directory(self) -> AsyncAppDirectoryBuilder:
        """A builder of a directory of apps: ``await ikigai.app_directory.new(name).build()``."""
        return AsyncAppDirectoryBuilder(self, AsyncAppDirectory)

    @property
    def facet_types(self) -> Coroutine[Any, Any, FacetTypes]:
        """What flows can be built from: ``(await ikigai.facet_types).MID.Count``."""
        return self.drive(self.facet_types_text())

    @property
    def model_types(self) -> Coroutine[Any, Any, ModelTypes]:
        """What models can be made: ``(await ikigai.model_types).Linear.Lasso``."""
        return self.drive(self.model_types_text())

    def flow_run(self, run: Mapping[str, Any]) -> AsyncFlowRun:
        """The run that `FlowRun.to_dict` described, in this or another process. Sends nothing."""
        return AsyncFlowRun.from_dict(run, self)

    async def watch(
        self,
        runs: Iterable[AsyncFlowRun],
        timeout: float | None = None,
        on_update: OnUpdateOf[AsyncFlowRun] | None = None,
        *,
        outage: float = OUTAGE,
    ) -> AsyncIterator[RunOutcome[AsyncFlowRun]]:
        """Follow many runs at once, and yield each one's outcome as it ends.

        All of them, and all that the process follows otherwise, share one budget of requests a second (100, or
        ``IKIGAI_POLLING_RATE`` in the environment): where it is used up, looks at each run become less frequent alike.

        Parameters
        ----------
        runs : iterable of AsyncFlowRun
        timeout : float, optional
            Seconds, for all of them; those that go on then end with `RunTimeout`.
        on_update : callable, optional
            Told a run and a `FlowStatusReport`, as by `FlowRun.wait`.
        outage : float, default 300
            Seconds for which the platform may be away.

        Examples
        --------
        >>> async for outcome in ikigai.watch(runs):
        ...     print(outcome.run.flow_name, outcome.error or outcome.log.status)
        """
        followed = outcomes(runs, timeout, on_update, outage=outage)
        tasks = [asyncio.create_task(self.drive(procedure)) for procedure in followed]
        try:
            for ended in asyncio.as_completed(tasks):
                yield await ended
        finally:
            for task in tasks:
                task.cancel()

    async def aclose(self) -> None:
        """Close the connections. They are opened again where the client is used again."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
