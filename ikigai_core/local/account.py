"""A user of a running local platform. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from ikigai_core.local.control.client import LocalControl
from ikigai_core.local.control.records import OrderedStandIn
from ikigai_core.local.control.sources import Source
from ikigai_core.local.process import LocalPlatform

if TYPE_CHECKING:
    from ikigai_core.components.app import App


@dataclass(frozen=True)
class LocalAccount:
    """A user of a local platform.

    Attributes
    ----------
    platform : LocalPlatform
        The platform of the account.
    user_email, api_key : str
        Credentials of the account.
    """

    platform: LocalPlatform
    user_email: str
    api_key: str = field(repr=False)

    @classmethod
    @contextmanager
    def fresh(cls, platform: LocalPlatform) -> Iterator[Self]:
        """Create a temporary account with only the tutorial; remove it with all its content at the end.

        A killed platform is restarted.
        """
        _revive(platform)
        email = f"test-{uuid4().hex[:12]}@example.com"
        account = cls(platform, email, platform.control.add_user(email))
        try:
            yield account
        finally:
            _revive(platform)
            platform.control.remove_user(email)

    @property
    def url(self) -> str:
        """Base URL of the platform."""
        return self.platform.url

    @property
    def control(self) -> LocalControl:
        """The control API, which affects all users of the platform."""
        return self.platform.control

    def environ(self) -> dict[str, str]:
        """Return the environment variables that connect clients to the platform and the account."""
        return {"IKIGAI_BASE_URL": self.url, "IKIGAI_USER_EMAIL": self.user_email, "IKIGAI_API_KEY": self.api_key}

    def seed(self, app: str, csv: Mapping[str, str | Path | bytes] | str | Path) -> dict[str, str]:
        """Create datasets from CSV files in an app of the account; see `LocalControl.seed`."""
        return self.control.seed(app, csv, user=self.user_email)

    def stand_in(self, facet: str, gives: Source | Mapping[str, Source] | None, *, flow: str = "*") -> OrderedStandIn:
        """Set the output of a facet in runs that the account starts; see `LocalControl.stand_in`."""
        return self.control.stand_in(facet, gives, flow=flow, user=self.user_email)

    def replay(self, folder: str | Path, *, only: bool = False) -> App:
        """Create the app of a recording, which ``ikigai record`` wrote, in the account; return the app.

        Runs of its flow compute what the platform can compute, and return the recorded outputs for the rest.

        Parameters
        ----------
        folder : str or Path
        only : bool, default False
            Compute nothing, and return all recorded outputs.

        Raises
        ------
        InvalidDefinitionError
            The folder is not a recording, or the account has the flow with another definition. The message has the
            difference.
        """
        from ikigai_core.client import Ikigai
        from ikigai_core.local.replay import replay

        # The app that is returned uses the client, which closes when nothing uses it any more.
        return replay(self.control, Ikigai(self.user_email, self.api_key, self.url), folder, only=only)


def _revive(platform: LocalPlatform) -> None:
    if not platform.is_running:
        platform.restart()
