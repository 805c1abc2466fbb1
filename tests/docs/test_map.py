"""The map of the code in CONTRIBUTING.md is true: it has every folder and every module of the core, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAP = re.search(r"^```text\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r"^(?P<indent> *)(?P<names>[\w.]+/?(?:, [\w.]+)*)(?: |$)")


def mapped(*folders: str) -> set[str]:
    """What the map has in a folder; other names than the first may follow in its description."""
    assert MAP is not None
    found: set[str] = set()
    path: list[str] = []
    for line in MAP[1].splitlines():
        entry = ENTRY.match(line)
        assert entry is not None, line
        depth = len(entry["indent"]) // 4
        names = [name.rstrip("/") for name in entry["names"].split(", ")]
        if path[:depth] == list(folders):
            found.update(names)
        path[depth:] = [names[0]]
    return found


def there_are(folder: Path) -> set[str]:
    """Modules and folders that are no generated files."""
    modules = {each.stem for each in folder.glob("*.py")}
    return modules | {each.name for each in folder.iterdir() if each.is_dir() and any(each.glob("**/*.py"))}


@pytest.mark.parametrize("folders", [("ikigai_core",), ("ikigai_core", "local")])
def test_the_map_has_every_module(folders: tuple[str, ...]) -> None:
    assert mapped(*folders) == {name for name in there_are(ROOT.joinpath(*folders)) if not name.startswith("_")}


def test_the_map_has_every_folder() -> None:
    hidden = {each for each in ROOT.iterdir() if each.name.startswith((".", "_"))}
    folders = {each.name for each in set(ROOT.iterdir()) - hidden if each.is_dir()}
    assert mapped() == folders - {"dist"}


def test_the_map_has_every_folder_of_tests() -> None:
    integrations = {"ikigai_core", "airflow_provider_ikigai", "prefect_ikigai", "dagster_ikigai"}
    folders = {each.name for each in (ROOT / "tests").iterdir() if each.is_dir() and not each.name.startswith("_")}
    assert mapped("tests") == folders - integrations
