"""The released client, as its users have it, and a local platform that runs in the core's own environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from ikigai import Ikigai
from ikigai.components import App, Dataset

from ikigai_core.local.process import PYTHON_VARIABLE, LocalPlatform

CORE_PYTHON = Path(__file__).parents[2] / ".venvs" / "core" / "bin" / "python"
SALES = pd.DataFrame(
    {
        "Product (name/description)": ["Chocolate Chip Cookie", "Ginger Cookie", "Sugar Cookie", "Ginger Cookie"],
        "SKU/Unique Item ID": ["Chocolate_C123", "Ginger_C123", "Sugar_C123", "Ginger_C123"],
        "Channel/Location": ["Amazon", "Amazon", "Store", "Store"],
        "Qty": [166, 271, 421, 12],
    }
)


@pytest.fixture(scope="session")
def core_python() -> str:
    """The interpreter that has what the local platform needs."""
    return os.environ.get(PYTHON_VARIABLE, str(CORE_PYTHON))


@pytest.fixture(scope="session")
def platform(core_python: str) -> Iterator[LocalPlatform]:
    with LocalPlatform.start(user_email="bob@example.com", api_key="my-ikigai-api-key", python=core_python) as started:
        yield started


@pytest.fixture
def ikigai(platform: LocalPlatform) -> Ikigai:
    return Ikigai(user_email="bob@example.com", api_key="my-ikigai-api-key", base_url=platform.url)


@pytest.fixture
def app(ikigai: Ikigai) -> Iterator[App]:
    """An app of the test's own."""
    created = ikigai.app.new(name="my app").description("made by a test").build()
    yield created
    created.delete()


@pytest.fixture
def dataset(app: App) -> Dataset:
    """A dataset in it."""
    return app.dataset.new("my dataset").df(SALES).build()
