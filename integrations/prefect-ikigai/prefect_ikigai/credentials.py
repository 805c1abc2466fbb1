"""The block that holds a user's credentials and makes clients of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import prefect
from prefect.blocks.abstract import CredentialsBlock
from pydantic import Field, HttpUrl, SecretStr, model_validator

from prefect_ikigai import __version__

if TYPE_CHECKING:
    from ikigai_core import AsyncIkigai, Ikigai

LOGO = "https://github.com/ikigailabs-io.png"
DOCUMENTATION = "https://docs.ikigailabs.io/api/platform-api"
USER_AGENT = f"prefect-ikigai/{__version__} prefect/{prefect.__version__}"


class IkigaiCredentials(CredentialsBlock):
    """Credentials of a user of the Ikigai platform.

    Attributes
    ----------
    user_email : str
        The email of the platform's user.
    api_key : SecretStr
        The user's API key. Stored encrypted, never shown.
    base_url : str
        Address of the platform's API. Default: the public platform.
    verify_tls : bool
        Whether to check the platform's certificate. Default: True.
    ca_bundle : str, optional
        Path of the certificates to trust instead of the system's, where the tasks run.
    client_certificate, client_key : str, optional
        Paths of a client certificate and, where it is kept apart, its key, where the tasks run.
    connect_timeout, read_timeout : float
        Seconds that a request may take to connect, and to wait for an answer's bytes. Default: 10 and 60.

    Raises
    ------
    pydantic.ValidationError
        Where a field is missing or unusable, or the TLS fields contradict each other.

    Examples
    --------
    >>> from prefect_ikigai import IkigaiCredentials
    >>> IkigaiCredentials(user_email="bob@example.com", api_key="my-ikigai-api-key").save("ikigai")
    >>> credentials = IkigaiCredentials.load("ikigai")
    """

    _block_type_name = "Ikigai Credentials"
    _block_type_slug = "ikigai-credentials"
    _logo_url = HttpUrl(LOGO)
    _documentation_url = HttpUrl(DOCUMENTATION)
    _description = "Credentials for the Ikigai AI platform: upload datasets, run flows, fetch results."
    _code_example = """\
        ```python
        from prefect_ikigai import IkigaiCredentials, run_flow

        credentials = IkigaiCredentials.load("BLOCK_NAME")
        run_flow(credentials, app="My app", flow="My flow")
        ```"""

    user_email: str = Field(
        min_length=1, title="User email", description="The email of the platform's user.", examples=["bob@example.com"]
    )
    api_key: SecretStr = Field(min_length=1, title="API key", description="The user's API key.")
    base_url: str = Field(
        default="https://api.ikigailabs.io", title="Base URL", description="Address of the platform's API."
    )
    verify_tls: bool = Field(
        default=True, title="Verify TLS", description="Whether to check the platform's certificate."
    )
    ca_bundle: str | None = Field(
        default=None, title="CA bundle", description="Path of the certificates to trust instead of the system's."
    )
    client_certificate: str | None = Field(
        default=None, title="Client certificate", description="Path of a client certificate."
    )
    client_key: str | None = Field(
        default=None,
        title="Client key",
        description="Path of the client certificate's key, where the certificate's file does not hold it.",
    )
    connect_timeout: float = Field(
        default=10.0, gt=0, title="Connect timeout", description="Seconds that a request may take to connect."
    )
    read_timeout: float = Field(
        default=60.0, gt=0, title="Read timeout", description="Seconds to wait for an answer's bytes."
    )

    @model_validator(mode="after")
    def _check_tls(self) -> IkigaiCredentials:
        if self.client_key and not self.client_certificate:
            raise ValueError("client_key is set, but client_certificate is not: set both, or neither")
        if not self.verify_tls and (self.client_certificate or self.ca_bundle):
            raise ValueError("client_certificate and ca_bundle need verify_tls: switch it on, or leave them out")
        return self

    def get_client(self) -> Ikigai:
        """Make a client. Nothing is sent yet.

        Returns
        -------
        ikigai_core.Ikigai
            A context manager, to be closed after use.

        Raises
        ------
        ikigai_core.errors.ConfigurationError
            Where a field is unusable, such as a base URL that is none.
        """
        from ikigai_core import Ikigai

        return Ikigai(**self._client_arguments())

    def get_async_client(self) -> AsyncIkigai:
        """Make an async client. Nothing is sent yet.

        Returns
        -------
        ikigai_core.AsyncIkigai
            An async context manager, to be closed after use.

        Raises
        ------
        ikigai_core.errors.ConfigurationError
            Where a field is unusable, such as a base URL that is none.
        """
        from ikigai_core import AsyncIkigai

        return AsyncIkigai(**self._client_arguments())

    @property
    def document_id(self) -> UUID | None:
        """Id of the saved block; None for one that was not saved."""
        return self._block_document_id

    def _client_arguments(self) -> dict[str, Any]:
        return {
            "user_email": self.user_email,
            "api_key": self.api_key.get_secret_value(),
            "base_url": self.base_url,
            "ssl": self._ssl(),
            "ca_bundle": self.ca_bundle,
            "connect_timeout": self.connect_timeout,
            "read_timeout": self.read_timeout,
            "user_agent": USER_AGENT,
        }

    def _ssl(self) -> bool | str | tuple[str, str]:
        if self.client_certificate is None:
            return self.verify_tls
        return (self.client_certificate, self.client_key) if self.client_key else self.client_certificate
