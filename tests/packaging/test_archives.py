"""What the sdists and wheels hold, and what they say about themselves."""

from __future__ import annotations

import email
import re
import tarfile
import zipfile
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

NAMES = ("ikigai-core", "airflow-provider-ikigai", "prefect-ikigai", "dagster-ikigai")
ORCHESTRATORS = {"airflow-provider-ikigai": "apache-airflow", "prefect-ikigai": "prefect", "dagster-ikigai": "dagster"}


@pytest.fixture(params=NAMES)
def distribution(request: pytest.FixtureRequest, distributions: dict[str, Any]) -> Any:
    return distributions[request.param]


def test_all_distributions_of_the_checkout_are_tested(distributions: dict[str, Any]) -> None:
    assert set(distributions) == set(NAMES)


def test_an_sdist_holds_its_own_package_only(distribution: Any) -> None:
    with tarfile.open(distribution.sdist) as archive:
        paths = [PurePosixPath(member.name) for member in archive if member.isfile()]
    assert {path.parts[0] for path in paths} == {distribution.sdist.name.removesuffix(".tar.gz")}
    tops = {path.parts[1] for path in paths}
    # The build backend adds the .gitignore by itself.
    assert tops - {".gitignore"} == {distribution.package, "README.md", "LICENSE", "pyproject.toml", "PKG-INFO"}


def test_a_wheel_holds_its_own_package_in_full(distribution: Any) -> None:
    with zipfile.ZipFile(distribution.wheel) as archive:
        paths = {path for path in archive.namelist() if ".dist-info/" not in path}
    source = distribution.source / distribution.package
    assert paths == {
        path.relative_to(distribution.source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert f"{distribution.package}/py.typed" in paths


def test_a_wheel_carries_licence_and_readme(distribution: Any) -> None:
    with zipfile.ZipFile(distribution.wheel) as archive:
        (licence,) = (path for path in archive.namelist() if path.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(licence) == (distribution.source / "LICENSE").read_bytes()
    metadata = read_metadata(distribution.wheel)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_payload().strip() == (distribution.source / "README.md").read_text().strip()


def test_the_version_is_the_packages_own(distribution: Any) -> None:
    version = read_metadata(distribution.wheel)["Version"]
    modules = [distribution.source / distribution.package / name for name in ("_version.py", "__init__.py")]
    declared = [
        re.findall(r'^__version__ = "(.+)"$', module.read_text(), re.M) for module in modules if module.exists()
    ]
    assert [version] in declared


def test_python_of_the_end_of_its_life_is_refused(distribution: Any) -> None:
    accepted = SpecifierSet(read_metadata(distribution.wheel)["Requires-Python"])
    assert [version for version in ("3.10", "3.11", "3.12", "3.13") if version in accepted] == ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize(("name", "orchestrator"), ORCHESTRATORS.items())
def test_an_integration_requires_compatible_ranges(distributions: dict[str, Any], name: str, orchestrator: str) -> None:
    required = requirements(distributions[name].wheel)
    core = required["ikigai-core"]
    assert core.extras == {"async", "files"}
    assert read_metadata(distributions["ikigai-core"].wheel)["Version"] in core.specifier
    assert {specifier.operator for specifier in core.specifier} == {">=", "<"}
    assert {specifier.operator for specifier in required[orchestrator].specifier} == {">=", "<"}


def test_the_core_knows_no_orchestrator(distributions: dict[str, Any]) -> None:
    assert not set(requirements(distributions["ikigai-core"].wheel)) & set(ORCHESTRATORS.values())


def read_metadata(wheel: Path) -> Message:
    """The metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (path for path in archive.namelist() if path.endswith(".dist-info/METADATA"))
        return email.message_from_string(archive.read(path).decode())


def requirements(wheel: Path) -> dict[str, Requirement]:
    """What a wheel requires, by name."""
    lines = read_metadata(wheel).get_all("Requires-Dist") or []
    return {requirement.name: requirement for requirement in map(Requirement, lines)}
