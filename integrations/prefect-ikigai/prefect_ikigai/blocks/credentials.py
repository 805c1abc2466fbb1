"""The block that contains a user's credentials and creates clients with them."""

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
        Email address of the platform's user.
    api_key : SecretStr, optional
        The user's API key. Stored encrypted, never shown. If the platform refuses it, it is loaded again from the saved
        block, so that long tasks get a key that was rotated there.
    api_key_file : str, optional
        Path of a file that contains only the key, where the tasks run, instead of `api_key`.
    base_url : str
        Address of the platform's API. Default: the public platform.
    web_url : str, optional
        Address of the platform's pages for people.
    proxy : SecretStr, optional
        Address of a proxy for every request, with user and password if it needs them. Stored encrypted, never shown.
    verify_tls : bool
        Whether to check the platform's certificate. Default: True.
    ca_bundle : str, optional
        Path of the certificates to trust instead of the system's, where the tasks run.
    client_certificate, client_key : str, optional
        Paths of a client certificate, and of its key if that is in another file, where the tasks run.
    connect_timeout, read_timeout : float
        Time limits in seconds, for connecting and for waiting for bytes of a response. Default: 10 and 60.

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

    # Validation errors would otherwise show the input, and with it the key.
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
        """Create a client. Sends nothing.

        Returns
        -------
        ikigai_core.Ikigai
            A context manager. Close it after use.

        Raises
        ------
        ikigai_core.orchestration.UnusableFieldError
            A file does not exist here.
        """
        from ikigai_core import Ikigai

        return Ikigai(**self._connection().client_arguments())

    def get_async_client(self) -> AsyncIkigai:
        """Create an async client. Sends nothing.

        Returns
        -------
        ikigai_core.AsyncIkigai
            An async context manager. Close it after use.

        Raises
        ------
        ikigai_core.orchestration.UnusableFieldError
            A file does not exist here.
        """
        from ikigai_core import AsyncIkigai

        return AsyncIkigai(**self._connection().client_arguments())

    @property
    def document_id(self) -> UUID | None:
        """Id of the saved block; None if the block was not saved."""
        return self._block_document_id

    def _connection(self) -> ConnectionFields:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return connection_fields(given, self._saved_key if self.document_id else None)

    def _saved_key(self) -> str:
        """The current key of the saved block, or of the file that the block names."""
        # Without `_sync`, this would be a coroutine in async code.
        saved: Any = type(self).load_from_ref(self.document_id, _sync=True)  # type: ignore[call-arg, arg-type]
        return str(saved._connection().client_arguments()["api_key"]())
