"""Hooks: an Airflow connection of type ``ikigai``, turned into the client of ``ikigai_core``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException
from airflow.sdk.log import mask_secret

from airflow_provider_ikigai.connection import UnusableConnectionError, client_arguments
from ikigai_core.errors import ConfigurationError, IkigaiError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from ikigai_core import AsyncIkigai, Ikigai


class _ConnectionHook(BaseHook):
    """What both hooks are: the id of a connection of type ``ikigai``."""

    conn_name_attr = "ikigai_conn_id"
    default_conn_name = "ikigai_default"
    conn_type = "ikigai"
    hook_name = "Ikigai"

    def __init__(self, ikigai_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.ikigai_conn_id = ikigai_conn_id


class IkigaiHook(_ConnectionHook):
    """Hands out a client of the Ikigai platform, for a connection's user.

    Parameters
    ----------
    ikigai_conn_id : str, default "ikigai_default"
        Connection of type ``ikigai``: the login is the user's email, the password the API key, the host the base URL.
        Without a host it is the client's default.

    Examples
    --------
    >>> with IkigaiHook().get_conn() as ikigai:
    ...     print(ikigai.apps["Example"].describe())
    """

    def get_conn(self) -> Ikigai:
        """Look the connection up and construct a client; nothing is sent to the platform.

        Returns
        -------
        Ikigai
            A new client; close it, or use it in a ``with`` block.

        Raises
        ------
        UnusableConnectionError
            Where the connection lacks something or holds something unusable.
        AirflowNotFoundException
            Where there is no such connection.
        """
        from ikigai_core import Ikigai

        arguments = client_arguments(self.get_connection(self.ikigai_conn_id))
        mask_secret(arguments["api_key"])
        try:
            return Ikigai(**arguments)
        except ConfigurationError as error:
            raise UnusableConnectionError(self.ikigai_conn_id, str(error)) from None

    def test_connection(self) -> tuple[bool, str]:
        """Ask the platform for the user's apps.

        Returns
        -------
        (bool, str)
            Whether that worked, and a sentence for the user.
        """
        try:
            with self.get_conn() as ikigai:
                apps = len(ikigai.apps())
        except (IkigaiError, AirflowFailException) as error:
            return False, str(error)
        return True, f"Connected as {ikigai!r}, who sees {apps} app{'' if apps == 1 else 's'}."


@dataclass
class _Shared:
    """A client, and how many use it."""

    client: AsyncIkigai
    users: int = 0


def _load_client() -> None:
    from ikigai_core import AsyncIkigai  # noqa: F401


_SHARED: dict[tuple[Any, ...], _Shared] = {}


class IkigaiAsyncHook(_ConnectionHook):
    """Hands out the asynchronous client of the Ikigai platform, for triggers.

    Parameters
    ----------
    ikigai_conn_id : str, default "ikigai_default"
        As for `IkigaiHook`.
    """

    async def get_conn(self) -> AsyncIkigai:
        """Look the connection up, without blocking the event loop, and construct a client; nothing is sent.

        Returns
        -------
        AsyncIkigai
            A new client; close it, or use it in an ``async with`` block.

        Raises
        ------
        UnusableConnectionError, AirflowNotFoundException
            As `IkigaiHook.get_conn`.
        """
        return self._client(await self._arguments())

    @asynccontextmanager
    async def shared_conn(self) -> AsyncIterator[AsyncIkigai]:
        """A client that is shared with all who use the same connection on this event loop at the same time.

        Making a client takes tens of milliseconds of CPU time and has connections of its own: a triggerer that follows
        a thousand runs gets by with one. The last one to leave closes it.

        Raises
        ------
        UnusableConnectionError, AirflowNotFoundException
            As `IkigaiHook.get_conn`.
        """
        arguments = await self._arguments()
        # A connection that is changed gets a client of its own from then on.
        key = (id(asyncio.get_running_loop()), *(repr(argument) for argument in sorted(arguments.items())))
        shared = _SHARED.get(key) or _SHARED.setdefault(key, _Shared(self._client(arguments)))
        shared.users += 1
        try:
            yield shared.client
        finally:
            shared.users -= 1
            if not shared.users:
                del _SHARED[key]
                await shared.client.aclose()

    async def _arguments(self) -> dict[str, Any]:
        # Importing takes longer than an event loop may be held up.
        await asyncio.to_thread(_load_client)
        # Airflow masks the password as it looks the connection up; mask_secret itself would block the event loop.
        return client_arguments(await self._connection())

    def _client(self, arguments: dict[str, Any]) -> AsyncIkigai:
        from ikigai_core import AsyncIkigai

        try:
            return AsyncIkigai(**arguments)
        except ConfigurationError as error:
            raise UnusableConnectionError(self.ikigai_conn_id, str(error)) from None

    async def _connection(self) -> Connection:
        try:
            return await self.aget_connection(self.ikigai_conn_id)
        except AirflowNotFoundException:
            # Where a trigger runs in the process of `dag.test()`, only the sync way reaches Airflow's database.
            return await asyncio.to_thread(self.get_connection, self.ikigai_conn_id)
