"""The four distributions, built once, and clean environments to install them in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".venvs" / "uv" / "bin" / "uv"


@dataclass(frozen=True)
class Distribution:
    """One of the four, and its two archives."""

    name: str
    package: str
    source: Path
    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing of the checkout in it."""

    folder: Path

    def run(self, program: str, *arguments: str, **variables: str) -> str:
        """What a program of the environment prints; it has an empty home, and must end well."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        own = {"HOME": str(home), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "COLUMNS": "400"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("IKIGAI", "PYTHON"))}
        done = subprocess.run(
            [self.folder / "bin" / program, *arguments],
            env={**kept, **own, **variables},
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def remove(self, name: str) -> None:
        """Uninstall a distribution."""
        uv("pip", "uninstall", "--quiet", "--python", str(self.folder), name)


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Distribution]:
    """All four: the sdist from the checkout, the wheel from the sdist."""
    return {name: build(name, tmp_path_factory.mktemp(name)) for name in sources()}


@pytest.fixture(scope="session")
def install(
    distributions: dict[str, Distribution], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Environment]:
    """Makes an environment with some of the wheels, and what they require, in it; the same one if asked again."""

    @cache
    def make(constraints: str, *requirements: str) -> Environment:
        folder = tmp_path_factory.mktemp("environment")
        wheels = [option for each in distributions.values() for option in ("--find-links", str(each.wheel.parent))]
        uv("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(folder))
        bounds = str(ROOT / "constraints" / f"{constraints}.txt")
        uv("pip", "install", "--quiet", "--python", str(folder), "-c", bounds, *wheels, *requirements)
        copy_bytecode(ROOT / ".venvs" / constraints, folder)
        return Environment(folder)

    return make


def sources() -> dict[str, Path]:
    """The folder of each distribution."""
    folders = [ROOT, *(path.parent for path in sorted((ROOT / "integrations").glob("*/pyproject.toml")))]
    return {"ikigai-core" if folder == ROOT else folder.name: folder for folder in folders}


def build(name: str, output: Path) -> Distribution:
    """Build a distribution into a folder."""
    source = sources()[name]
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,) = output.glob("*.tar.gz")
    (wheel,) = output.glob("*.whl")
    return Distribution(name, name.replace("-", "_"), source, sdist, wheel)


def copy_bytecode(source: Path, target: Path) -> None:
    """Save an environment the compiling of what another one has too; Python does it anew if a file differs."""
    for path in source.glob("lib/*/site-packages/**/__pycache__/*.pyc"):
        copy = target / path.relative_to(source)
        if copy.parent.parent.is_dir():
            copy.parent.mkdir(exist_ok=True)
            try:
                os.link(path, copy)
            except OSError:
                shutil.copyfile(path, copy)


def uv(*arguments: str) -> None:
    """Run uv."""
    done = subprocess.run([UV, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
