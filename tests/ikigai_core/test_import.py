"""Importing the package costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ikigai_core
from tests.lazy_names import seen_by_type_checkers

HEAVY = ("pandas", "pyarrow", "pydantic", "requests", "httpx", "tenacity", "yaml", "fastapi", "duckdb")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter loads for the code."""
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import ikigai_core") == set()


def test_constructing_a_client_loads_neither_frames_nor_http() -> None:
    construct = (
        "from ikigai_core import Ikigai, AsyncIkigai\nfor face in (Ikigai, AsyncIkigai): face('b@example.com', 'k')"
    )
    assert not loaded_by(construct) & {"pandas", "pyarrow", "requests", "httpx"}


def test_the_sync_client_loads_its_parts_when_they_are_asked_for() -> None:
    assert loaded_by("from ikigai_core import Ikigai\nIkigai('b@example.com', 'k')") == set()


def test_errors_load_nothing_heavy() -> None:
    assert loaded_by("import ikigai_core.errors") == set()


@pytest.mark.parametrize("name", [name for name in ikigai_core.__all__ if name != "__version__"])
def test_every_export_is_there(name: str) -> None:
    assert getattr(ikigai_core, name) is not None
    assert name in dir(ikigai_core)


def test_what_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Ikigia'"):
        ikigai_core.Ikigia  # noqa: B018 - the look-up is what is tried


def test_type_checkers_see_the_public_names_that_programs_get() -> None:
    seen = seen_by_type_checkers(ikigai_core)
    got = {**ikigai_core._HOMES, "errors": "ikigai_core"}
    assert seen == got
    assert sorted({*got, "__version__"}) == sorted(ikigai_core.__all__)
