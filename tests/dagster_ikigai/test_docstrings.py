"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import shutil
from pathlib import Path

import dagster as dg
import pytest

import dagster_ikigai

EXAMPLES = Path(__file__).parents[2] / "examples"
MODULES = [module.name for module in pkgutil.walk_packages(dagster_ikigai.__path__, "dagster_ikigai.")]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ("late_flights.yaml", "data/flights.csv"):
        shutil.copy(EXAMPLES / file, tmp_path)
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    known = {export: getattr(dagster_ikigai, export) for export in dagster_ikigai.__all__}
    outcome = doctest.testmod(module, extraglobs={**known, "dg": dg}, optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0


@pytest.mark.parametrize("name", sorted(set(dagster_ikigai.__all__) - {"__version__"}))
def test_everything_public_has_an_example(name: str) -> None:
    assert "Examples\n" in getattr(dagster_ikigai, name).__doc__
