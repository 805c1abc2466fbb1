"""The block that contains a user's credentials and creates clients with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast
from uuid import UUID

from prefect.blocks.abstract import CredentialsBlock
from pydantic import ConfigDict, Field, HttpUrl, PrivateAttr, SecretStr, model_validator

from ikigai_core.orchestration import UnusableFieldError
from prefect_ikigai.connection import connection_fields

if TYPE_CHECKING:
    from ikigai_core import AsyncIkigai, Ikigai
    from ikigai_core.orchestration import ConnectionFields

LOGO = "https://github.com/ikigailabs-io.png"
_SECRETS = ("api_key", "proxy")
DOCUMENTATION = "https://ikigailabs-io.github.io/ikigai-orchestrators/prefect.html"


class IkigaiCredentials(CredentialsBlock):
    """Credentials of a user of the Ikigai platform.

    What is not set comes from the environment (``IKIGAI_USER_EMAIL``, ``IKIGAI_API_KEY``, ``IKIGAI_BASE_URL``,
    ``IKIGAI_WEB_URL``) or a profile, where the tasks run, as for `ikigai_core.Ikigai`.

    A pickle of the block holds neither key nor proxy. Where a saved block is unpickled, it loads them itself. So tasks
    in other processes, for example with Dask, need a saved block, a key's file, or a key in their environment.

    Attributes
    ----------
    user_email : str, optional
        Email address of the platform's user.
    api_key : SecretStr, optional
        The user's API key. Stored encrypted, never shown. If the platform refuses it, it is loaded again from the saved
        block, so that long tasks get a key that was rotated there.
    api_key_file : str, optional
        Path of a file that contains only the key, where the tasks run, instead of `api_key`.
    base_url : str, optional
        Address of the platform's API. Default: ``IKIGAI_BASE_URL``, a profile's, or the public platform.
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
    connect_timeout, read_timeout : float, optional
        Time limits in seconds, for connecting and for waiting for bytes of a response. Default: 10 and 60.
    call_timeout, processing_timeout : float, optional
        Time limits in seconds, for a request with its retries, and for the platform's work on data. Default: 120 and
        3600.
    answer_limit : int, optional
        Largest size of an answer in bytes, the data of datasets aside. Default: 50 MB.

    Raises
    ------
    pydantic.ValidationError
        A field is unusable, or contradicts another one.

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

    user_email: str | None = Field(
        default=None,
        min_length=1,
        title="User email",
        description="The email of the platform's user. If not set: IKIGAI_USER_EMAIL, where tasks run.",
        examples=["bob@example.com"],
    )
    api_key: SecretStr | None = Field(
        default=None,
        min_length=1,
        title="API key",
        description="The user's API key, unless a file contains it. If not set: IKIGAI_API_KEY, where tasks run.",
    )
    api_key_file: str | None = Field(
        default=None, title="API key file", description="Path of a file that contains only the key."
    )
    base_url: str | None = Field(
        default=None,
        title="Base URL",
        description="Address of the platform's API. If not set: IKIGAI_BASE_URL where tasks run, or the public one.",
        examples=["https://api.ikigailabs.io"],
    )
    web_url: str | None = Field(
        default=None, title="Web URL", description="Address of the platform's pages for people."
    )
    proxy: SecretStr | None = Field(
        default=None, title="Proxy", description="Address of a proxy, with user and password if it needs them."
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
        description="Path of the key of the client certificate, if the file of the certificate does not contain it.",
    )
    connect_timeout: float | None = Field(
        default=None,
        gt=0,
        title="Connect timeout",
        description="Seconds that a request may take to connect; usually 10.",
    )
    read_timeout: float | None = Field(
        default=None, gt=0, title="Read timeout", description="Seconds to wait for an answer's bytes; usually 60."
    )
    call_timeout: float | None = Field(
        default=None, gt=0, title="Request timeout", description="Seconds for a request with its retries; usually 120."
    )
    processing_timeout: float | None = Field(
        default=None,
        gt=0,
        title="Processing timeout",
        description="Seconds for the platform to check an upload or prepare a download; usually 3600.",
    )
    answer_limit: int | None = Field(
        default=None,
        gt=0,
        title="Largest answer",
        description="Bytes of an answer, the data of datasets aside; usually 50000000.",
    )

    _left_out: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        self._connection()
        return self

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()
        values, private = state["__dict__"], state["__pydantic_private__"] or {}
        secrets = {name for name in _SECRETS if values[name] is not None}
        left_out = tuple(sorted(secrets.union(self._left_out)))
        return {
            **state,
            "__dict__": {**values, **dict.fromkeys(secrets)},
            "__pydantic_private__": {**private, "_left_out": left_out},
        }

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
        ikigai_core.errors.ConfigurationError
            User or key are neither in the block nor in the environment or a profile here.
        """
        from ikigai_core import Ikigai

        return Ikigai(**self._complete()._connection().client_arguments())

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
        ikigai_core.errors.ConfigurationError
            User or key are neither in the block nor in the environment or a profile here.
        """
        from ikigai_core import AsyncIkigai

        return AsyncIkigai(**self._complete()._connection().client_arguments())

    @property
    def document_id(self) -> UUID | None:
        """Id of the saved block; None if the block was not saved."""
        return self._block_document_id

    @property
    def account(self) -> tuple[str, str]:
        """Address and user of the platform, also if they come from the environment or a profile."""
        with self.get_client() as ikigai:
            return ikigai.base_url, ikigai.user_email

    def _complete(self) -> IkigaiCredentials:
        """The block with the secrets that its pickle left out."""
        if not self._left_out:
            return self
        if self.document_id is None:
            raise UnusableFieldError(
                self._left_out[0],
                "is not in the pickle of a block: save the block and load it with IkigaiCredentials.load(name), or "
                "give api_key_file.",
            )
        return self._saved()

    def _connection(self) -> ConnectionFields:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return connection_fields(given, self._saved_key if self.document_id else None)

    def _saved_key(self) -> str:
        """The current key of the saved block, or of the file that the block names."""
        saved = self._saved()._connection().client_arguments().get("api_key")
        if not callable(saved):
            raise UnusableFieldError("api_key", "is no longer in the saved block: save the block with a key.")
        return str(saved())

    def _saved(self) -> Self:
        # Without `_sync`, this would be a coroutine in async code.
        saved: Any = type(self).load_from_ref(self.document_id, _sync=True)  # type: ignore[call-arg, arg-type]
        return cast("Self", saved)
