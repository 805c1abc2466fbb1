"""Says which tests a change can break: for `make test-changed`.

A test file is among them if it imports a module that was changed since a commit, directly or not, or starts a process
that does. Prints a line for each suite: its name and its files.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
INTEGRATIONS = {
    "airflow": "airflow_provider_ikigai",
    "prefect": "prefect_ikigai",
    "dagster": "dagster_ikigai",
}
PACKAGES = ("ikigai_core", *INTEGRATIONS.values())
SUITES = {
    **{suite: (f"tests/{package}",) for suite, package in INTEGRATIONS.items()},
    "core": ("tests/ikigai_core", "tests/chaos"),
    "examples": ("tests/tools", "tests/examples", "tests/docs"),
    "interop": ("tests/interop",),
    "packaging": ("tests/packaging",),
}
# What is started, or found by its name, and not imported.
STARTED = {
    "ikigai_core.local.process": ("ikigai_core.local.__main__",),
    "ikigai_core.local.engine.script": ("ikigai_core.local.engine.script_host",),
    "ikigai_core.local.engine.script_access": ("ikigai_core.local.engine.sandbox",),
    "airflow_provider_ikigai.get_provider_info": (
        "airflow_provider_ikigai.decorators.ikigai_flow",
        "airflow_provider_ikigai.decorators.ikigai_upload",
    ),
    "tests.airflow_provider_ikigai": ("airflow_provider_ikigai.get_provider_info",),
    "tests.ikigai_core.cli": ("ikigai_core.cli.__main__",),
    "tests.docs": ("docs",),
}
REGISTRY, FACETS = "ikigai_core.local.engine.registry", "ikigai_core.local.engine.facets"
OF_ALL = ("Makefile", "pyproject.toml", "constraints/", "tests/conftest.py", "tools/supervise.py")


def changed_files(base: str) -> list[str]:
    """Files that differ from a commit, new ones included."""
    tracked = _git("diff", "--name-only", base)
    return sorted({*tracked, *_git("ls-files", "--others", "--exclude-standard")})


def tests_for(changed: Iterable[str]) -> dict[str, list[str]]:
    """The test files that the changed files can break, by suite; whole folders if all of a suite's can."""
    changed = list(changed)
    if any(file.startswith(OF_ALL) for file in changed):
        return {suite: list(folders) for suite, folders in SUITES.items()}
    broken = _broken_by({_module(file) for file in changed})
    found = defaultdict(list)
    for suite, folders in SUITES.items():
        for test in _tests(folders):
            if _module(test) in broken:
                found[suite].append(test)
    return dict(found)


@cache
def _imports() -> dict[str, set[str]]:
    return {**_imports_of_packages(), **_imports_of_tests()}


def _imports_of_packages() -> dict[str, set[str]]:
    graph = grimp.build_graph(*PACKAGES)
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    for module, imported in imports.items():
        package = module.rpartition(".")[0]
        # The packages at the top load what they offer when it is asked for.
        imported.update({package} if package and package not in PACKAGES else ())
    for importer, started in STARTED.items():
        imports.setdefault(importer, set()).update(started)
    homes = [ROOT / "ikigai_core" / "local", ROOT / "integrations" / "airflow-provider-ikigai"]
    for path in (path for home in homes for path in home.rglob("*.py")):
        imports[_module(str(path.relative_to(ROOT)))].update(_named(path))
    imports[REGISTRY].update(graph.find_children(FACETS))
    return imports


def _imports_of_tests() -> dict[str, set[str]]:
    """What each test module imports, and the conftest modules beside and above it."""
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.py")]
    conftests = {file for file in files if file.endswith("conftest.py")}
    imports = {}
    for file in files:
        above = {str(folder / "conftest.py") for folder in Path(file).parents} & conftests - {file}
        imports[_module(file)] = {*_imported(ROOT / file), *map(_module, above), *_started(file)}
    return imports


def _started(file: str) -> set[str]:
    return {each for folder, started in STARTED.items() if _module(file).startswith(f"{folder}.") for each in started}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and node.value == "examples":
            yield "examples"
    yield from _named(path)


def _named(path: Path) -> Iterator[str]:
    """Modules that a file names, or the home of what it names: pytest plugins, what is run with -m or loaded later."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PACKAGES):
            yield from (node.value, node.value.rpartition(".")[0])


@cache
def _importers() -> dict[str, set[str]]:
    """Which modules import each."""
    importers: dict[str, set[str]] = defaultdict(set)
    for importer, imported in _imports().items():
        for each in imported:
            importers[each].add(importer)
    return dict(importers)


def _broken_by(changed: set[str]) -> set[str]:
    """The changed modules, and all that import one of them, directly or not."""
    found, left = set(changed), list(changed)
    while left:
        for importer in _importers().get(left.pop(), set()) - found:
            found.add(importer)
            left.append(importer)
    return found


def _module(file: str) -> str:
    """The module that a file is; what is no Python file belongs to the package, or folder, that it lies in."""
    path = Path(file)
    if path.suffix == ".md" or path.parts[0] in ("docs", "examples"):
        return "docs" if path.suffix == ".md" else "examples"
    parts = path.with_suffix("").parts if path.suffix == ".py" else path.parent.parts
    parts = parts[2:] if parts[:1] == ("integrations",) else parts
    homes = [ROOT, *(ROOT / "integrations").iterdir()]
    while parts and path.suffix != ".py" and not any(home.joinpath(*parts, "__init__.py").exists() for home in homes):
        parts = parts[:-1]
    return ".".join(parts[:-1] if parts[-1:] == ("__init__",) else parts)


@cache
def _tests(folders: tuple[str, ...]) -> list[str]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("test_*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def main() -> None:
    """Print what the changes since a commit can break."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", nargs="?", default="HEAD", help="the commit to compare with (default: HEAD)")
    sys.path[:0] = [str(ROOT), *map(str, (ROOT / "integrations").iterdir())]
    for suite, tests in tests_for(changed_files(parser.parse_args().base)).items():
        print(f"test-{suite}", *tests)


if __name__ == "__main__":
    main()
