"""The block that holds a user's credentials and makes clients of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from prefect.blocks.abstract import CredentialsBlock
from pydantic import ConfigDict, Field, HttpUrl, SecretStr, model_validator

from prefect_ikigai.connection import connection_fields

if TYPE_CHECKING:
    from ikigai_core import AsyncIkigai, Ikigai
    from ikigai_core.orchestration import ConnectionFields

LOGO = "https://github.com/ikigailabs-io.png"
DOCUMENTATION = "https://docs.ikigailabs.io/api/platform-api"


class IkigaiCredentials(CredentialsBlock):
    """Credentials of a user of the Ikigai platform.

    Attributes
    ----------
    user_email : str
        The email of the platform's user.
    api_key : SecretStr, optional
        The user's API key. Stored encrypted, never shown. If the platform refuses it, it is loaded again from the saved
        block, so that a key that was rotated there reaches tasks that take long.
    api_key_file : str, optional
        Path of a file that holds nothing but the key, where the tasks run, in place of `api_key`.
    base_url : str
        Address of the platform's API. Default: the public platform.
    web_url : str, optional
        Address of the platform's pages for people.
    proxy : SecretStr, optional
        Address of a proxy for every request, with user and password if it wants them. Stored encrypted, never shown.
    verify_tls : bool
        Whether to check the platform's certificate. Default: True.
    ca_bundle : str, optional
        Path of the certificates to trust instead of the system's, where the tasks run.
    client_certificate, client_key : str, optional
        Paths of a client certificate and, if it is kept apart, its key, where the tasks run.
    connect_timeout, read_timeout : float
        Seconds that a request may take to connect, and to wait for an answer's bytes. Default: 10 and 60.

    Raises
    ------
    pydantic.ValidationError
        A field is missing or unusable, or contradicts another one.

    Examples
    --------
    >>> from prefect_ikigai import IkigaiCredentials
    >>> IkigaiCredentials(user_email="bob@example.com", api_key="my-ikigai-api-key").save("ikigai")
    >>> credentials = IkigaiCredentials.load("ikigai")
    """

    # Refusals would show what was given, and with it the key.
    model_config = ConfigDict(hide_input_in_errors=True)

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
    api_key: SecretStr | None = Field(
        default=None, min_length=1, title="API key", description="The user's API key, if no file holds it."
    )
    api_key_file: str | None = Field(
        default=None, title="API key file", description="Path of a file that holds nothing but the key."
    )
    base_url: str = Field(
        default="https://api.ikigailabs.io", title="Base URL", description="Address of the platform's API."
    )
    web_url: str | None = Field(
        default=None, title="Web URL", description="Address of the platform's pages for people."
    )
    proxy: SecretStr | None = Field(
        default=None, title="Proxy", description="Address of a proxy, with user and password if it wants them."
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
        description="Path of the client certificate's key, if the certificate's file does not hold it.",
    )
    connect_timeout: float = Field(
        default=10.0, gt=0, title="Connect timeout", description="Seconds that a request may take to connect."
    )
    read_timeout: float = Field(
        default=60.0, gt=0, title="Read timeout", description="Seconds to wait for an answer's bytes."
    )

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if not (self.api_key or self.api_key_file):
            raise ValueError("api_key is missing: give the key, or api_key_file")
        self._connection()
        return self

    def get_client(self) -> Ikigai:
        """Make a client. Nothing is sent yet.

        Returns
        -------
        ikigai_core.Ikigai
            A context manager, to be closed after use.

        Raises
        ------
        ikigai_core.orchestration.UnusableFieldError
            A file does not exist here.
        """
        from ikigai_core import Ikigai

        return Ikigai(**self._connection().client_arguments())

    def get_async_client(self) -> AsyncIkigai:
        """Make an async client. Nothing is sent yet.

        Returns
        -------
        ikigai_core.AsyncIkigai
            An async context manager, to be closed after use.

        Raises
        ------
        ikigai_core.orchestration.UnusableFieldError
            A file does not exist here.
        """
        from ikigai_core import AsyncIkigai

        return AsyncIkigai(**self._connection().client_arguments())

    @property
    def document_id(self) -> UUID | None:
        """Id of the saved block; None for one that was not saved."""
        return self._block_document_id

    def _connection(self) -> ConnectionFields:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return connection_fields(given, self._saved_key if self.document_id else None)

    def _saved_key(self) -> str:
        """The key that the saved block has by now, or the file that it names."""
        # In async code too: this would be a coroutine otherwise.
        saved: Any = type(self).load_from_ref(self.document_id, _sync=True)  # type: ignore[call-arg, arg-type]
        return str(saved._connection().client_arguments()["api_key"]())
