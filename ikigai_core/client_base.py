"""The common base of the sync and the async client: the settings, and everything that needs no request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ikigai_core.api import specs
from ikigai_core.config import ApiKey, Config, TlsConfig
from ikigai_core.origin import Origin
from ikigai_core.procedure import Procedure, send
from ikigai_core.web_urls import WebPages

if TYPE_CHECKING:
    from ikigai_core.definition.builder import FlowDefinitionBuilder
    from ikigai_core.specs.facet import FacetTypes
    from ikigai_core.specs.model import ModelTypes


class Client:
    """A user's access to a platform, without the parts that send requests.

    Pickling leaves the key out: the process that unpickles it takes the key from its own environment or profile. A copy
    is the client itself.
    """

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
        call_timeout: float | None = None,
        processing_timeout: float | None = None,
        answer_limit: int | None = None,
        proxy: str | None = None,
        user_agent: str | None = None,
        web_url: str | None = None,
        profile: str | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Check the settings. Sends nothing.

        Parameters
        ----------
        user_email : str, optional
            Default: the environment variable ``IKIGAI_USER_EMAIL``.
        api_key : str or callable, optional
            Default: the key in the file that ``IKIGAI_API_KEY_FILE`` names, or ``IKIGAI_API_KEY``. Never shown. If it
            is a function that returns the key, the client calls it at the first request. If the platform refuses the
            key, the client calls the function again, or reloads a key that came from the environment or a profile.
        base_url : str, optional
            Default: the environment variable ``IKIGAI_BASE_URL``, or ``https://api.ikigailabs.io``.
        ssl : bool, str or (str, str), default True
            False turns off the verification of the platform's certificate (unsafe). A path, or a pair (certificate,
            key), is a client certificate.
        ca_bundle : path, optional
            The certificates to trust instead of the usual ones. Default: the file that ``REQUESTS_CA_BUNDLE``,
            ``CURL_CA_BUNDLE`` or ``SSL_CERT_FILE`` names.
        connect_timeout, read_timeout : float, default 10 and 60
            Seconds to connect, and to wait for the next bytes of an answer.
        call_timeout : float, optional
            Seconds that a request may take in total, with its retries. A part of a transfer of data may take longer if
            at least 64 KiB of it arrive in each such period. Default: the environment variable
            ``IKIGAI_CALL_TIMEOUT``, or 120, or twice the read timeout if that is more.
        processing_timeout : float, optional
            Seconds that the platform may take to check an upload, or to prepare a download. Default: the environment
            variable ``IKIGAI_PROCESSING_TIMEOUT``, or 3600.
        answer_limit : int, optional
            Maximum size of an answer in bytes. It does not apply to the data of datasets. Default: the environment
            variable ``IKIGAI_ANSWER_LIMIT``, or 50,000,000.
        proxy : str, optional
            Address of a proxy for every request, with user and password if it needs them. Default: the settings of
            ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``.
        user_agent : str, optional
            Put before the client's own user agent.
        web_url : str, optional
            Address of the platform's pages, for the ``web_url`` of components. Either an address, or a template of one
            (see `ikigai_core.web_urls`). Default: the environment variable ``IKIGAI_WEB_URL``. Without it, the pages of
            the default platform or of a local one.
        profile : str, optional
            Name of a profile (see `ikigai_core.profiles`) for settings that are not given here. Without it, the
            environment has priority over the profile that ``IKIGAI_PROFILE`` names, or the one named ``default``.
        origin : callable, optional
            Returns which task of an orchestrator sends a request: any of ``orchestrator``, ``dag``, ``flow``, ``job``,
            ``task``, ``run`` and ``url``. Called before each request. It goes into the header ``Ikigai-Origin``, which
            the local platform's console shows.

        Raises
        ------
        ConfigurationError
            A setting is missing or unusable.
        """
        self._config = Config.resolve(
            user_email,
            api_key,
            base_url,
            ssl=ssl,
            ca_bundle=ca_bundle,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            call_timeout=call_timeout,
            processing_timeout=processing_timeout,
            answer_limit=answer_limit,
            proxy=proxy,
            user_agent=user_agent,
            web_url=web_url,
            profile=profile,
            origin=origin,
        )
        self._facet_types: FacetTypes | None = None
        self._model_types: ModelTypes | None = None

    @property
    def user_email(self) -> str:
        """The email address of the client's user."""
        return self._config.user_email

    @property
    def base_url(self) -> str:
        """The platform's address."""
        return self._config.base_url

    @property
    def pages(self) -> WebPages:
        """The addresses of the platform's pages."""
        return self._config.pages

    @property
    def builder(self) -> FlowDefinitionBuilder:
        """A new builder of a flow definition."""
        from ikigai_core.definition.builder import FlowDefinitionBuilder

        return FlowDefinitionBuilder()

    def facet_types_procedure(self) -> Procedure[FacetTypes]:
        """Fetch the facet types, only once. A procedure, for use within other procedures."""
        if self._facet_types is None:
            from ikigai_core.specs.facet import FacetTypes

            self._facet_types = FacetTypes((yield from send(specs.facets())))
        return self._facet_types

    def model_types_procedure(self) -> Procedure[ModelTypes]:
        """Fetch the model types, only once. A procedure, for use within other procedures."""
        if self._model_types is None:
            from ikigai_core.specs.model import ModelTypes

            self._model_types = ModelTypes((yield from send(specs.models())))
        return self._model_types

    def __getstate__(self) -> dict[str, Any]:
        return {"_config": self._config, "_facet_types": None, "_model_types": None}

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}(user_email={self.user_email!r}, base_url={self.base_url!r})"
