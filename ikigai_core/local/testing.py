"""A pytest plugin: a local platform for tests. It is asked for by name and never loads itself.

Put ``pytest_plugins = ["ikigai_core.local.testing"]`` into a ``conftest.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ikigai_core.local.process import LocalPlatform

if TYPE_CHECKING:
    from ikigai_core import Ikigai


@pytest.fixture(scope="session")
def ikigai_local() -> Iterator[LocalPlatform]:
    """A local platform, one for the whole test session."""
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture
def ikigai_client(ikigai_local: LocalPlatform) -> Iterator[Ikigai]:
    """A client of the local platform."""
    from ikigai_core import Ikigai

    client = Ikigai(user_email=ikigai_local.user_email, api_key=ikigai_local.api_key, base_url=ikigai_local.url)
    with client:
        yield client
