"""Hooks: an Airflow connection of type ``ikigai``, turned into the client of ``ikigai_core``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException
from airflow.sdk.log import mask_secret

from airflow_provider_ikigai.connection import CONN_TYPE, connection_fields, naming_the_connection
from ikigai_core.errors import IkigaiError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from ikigai_core import AsyncIkigai, Ikigai
    from ikigai_core.orchestration import ConnectionFields


class _ConnectionHook(BaseHook):
    """The base of both hooks: the id of a connection of type ``ikigai``."""

    conn_name_attr = "ikigai_conn_id"
    default_conn_name = "ikigai_default"
    conn_type = CONN_TYPE
    hook_name = "Ikigai"

    def __init__(self, ikigai_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.ikigai_conn_id = ikigai_conn_id


class IkigaiHook(_ConnectionHook):
    """Makes a client of the Ikigai platform from a connection.

    Parameters
    ----------
    ikigai_conn_id : str, default "ikigai_default"
        Connection of type ``ikigai``: the login is the user's email, the password the API key, the host the base URL.
        Without a host, the client uses its default. If the platform refuses the key, the connection is read again.

    Examples
    --------
    >>> with IkigaiHook().get_conn() as ikigai:
    ...     print(ikigai.apps["Example"].describe())
    """

    def get_conn(self) -> Ikigai:
        """Read the connection and create a client. Sends nothing to the platform.

        Returns
        -------
        Ikigai
            A new client; close it, or use it in a ``with`` block.

        Raises
        ------
        UnusableConnectionError
            A field of the connection is missing or unusable.
        AirflowNotFoundException
            There is no such connection.
        """
        from ikigai_core import Ikigai

        fields = connection_fields(self.get_connection(self.ikigai_conn_id), self._password)
        with naming_the_connection(self.ikigai_conn_id):
            arguments = fields.client_arguments()
            return Ikigai(**{**arguments, "api_key": _masked(arguments["api_key"])})

    def _password(self) -> str:
        return self.get_connection(self.ikigai_conn_id).password or ""

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


def _masked(key: Callable[[], str]) -> Callable[[], str]:
    """A source of a key that lets Airflow mask each key that it returns, also one from outside the connection."""

    def masking() -> str:
        given = key()
        mask_secret(given)
        return given

    return masking


@dataclass
class _Shared:
    """A client, and the number of its users."""

    client: AsyncIkigai
    users: int = 0


def _load_client() -> None:
    from ikigai_core import AsyncIkigai  # noqa: F401


_SHARED: dict[tuple[int, str, ConnectionFields], _Shared] = {}
# A forked process makes clients of its own.
os.register_at_fork(after_in_child=_SHARED.clear)


class IkigaiAsyncHook(_ConnectionHook):
    """Makes an async client of the Ikigai platform from a connection, for triggers and async code.

    Parameters
    ----------
    ikigai_conn_id : str, default "ikigai_default"
        As for `IkigaiHook`.
    """

    async def get_conn(self) -> AsyncIkigai:
        """Read the connection without blocking the event loop, and create a client. Sends nothing.

        Returns
        -------
        AsyncIkigai
            A new client; close it, or use it in an ``async with`` block.

        Raises
        ------
        UnusableConnectionError, AirflowNotFoundException
            As `IkigaiHook.get_conn`.
        """
        return self._client(await self._fields())

    @asynccontextmanager
    async def shared_conn(self) -> AsyncIterator[AsyncIkigai]:
        """A client that is shared with all who use the same connection on this event loop at the same time.

        Making a client takes tens of milliseconds of CPU time and has connections of its own: a triggerer that follows
        a thousand runs needs only one. The last user closes it.

        Raises
        ------
        UnusableConnectionError, AirflowNotFoundException
            As `IkigaiHook.get_conn`.
        """
        fields = await self._fields()
        # After a change of the connection, a new client is created.
        key = (id(asyncio.get_running_loop()), self.ikigai_conn_id, fields)
        shared = _SHARED.get(key) or _SHARED.setdefault(key, _Shared(self._client(fields)))
        shared.users += 1
        try:
            yield shared.client
        finally:
            shared.users -= 1
            if not shared.users:
                _SHARED.pop(key, None)
                await shared.client.aclose()

    async def _fields(self) -> ConnectionFields:
        # The import takes too long for an event loop.
        await asyncio.to_thread(_load_client)
        loop = asyncio.get_running_loop()
        # Airflow masks the password as it looks the connection up; mask_secret itself would block the event loop.
        return connection_fields(await self._connection(), lambda: self._password(loop))

    def _client(self, fields: ConnectionFields) -> AsyncIkigai:
        from ikigai_core import AsyncIkigai

        with naming_the_connection(self.ikigai_conn_id):
            return AsyncIkigai(**fields.client_arguments())

    async def _connection(self) -> Connection:
        try:
            return await self.aget_connection(self.ikigai_conn_id)
        except AirflowNotFoundException:
            # If a trigger runs in the process of `dag.test()`, Airflow's database can only be reached with sync calls.
            return await asyncio.to_thread(self.get_connection, self.ikigai_conn_id)

    def _password(self, loop: asyncio.AbstractEventLoop) -> str:
        """The key as it is now. The client asks in a thread of its own, and Airflow answers on the event loop."""
        looked_up = asyncio.run_coroutine_threadsafe(self.aget_connection(self.ikigai_conn_id), loop)
        try:
            connection = looked_up.result()
        except AirflowNotFoundException:
            # Not in another thread: all may be taken by those who wait for this key.
            connection = self.get_connection(self.ikigai_conn_id)
        return connection.password or ""
