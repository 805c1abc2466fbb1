"""The workflows test what the distributions say that they support, by targets that there are."""

from __future__ import annotations

import re
import tomllib

import yaml

from .documents import ROOT

_WORKFLOWS = {path.stem: path.read_text() for path in ROOT.glob(".github/workflows/*.yml")}


def test_every_supported_python_is_tested() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    supported = re.findall(r"Python :: (\d\.\d+)$", "\n".join(classifiers), re.MULTILINE)
    tested = yaml.safe_load(_WORKFLOWS["test"])["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert supported
    assert set(supported) <= set(tested)


def test_all_that_say_which_pythons_are_supported_agree() -> None:
    said = [
        re.findall(r"Python :: (\d\.\d+)\"", path.read_text())
        for path in (ROOT / "pyproject.toml", *ROOT.glob("integrations/*/pyproject.toml"))
    ]
    row = re.search(r"^\| Python \| (.*?) \|", (ROOT / "docs/compatibility.md").read_text(), re.MULTILINE)
    assert row is not None
    assert all(versions == row[1].split(", ") for versions in said)


def test_workflows_make_what_can_be_made() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {
        each for text in _WORKFLOWS.values() for line in re.findall(r"run: make (.*)", text) for each in line.split()
    }
    assert {each for each in made if "=" not in each} <= targets
    assert {"test", "dist", "site"} <= made
