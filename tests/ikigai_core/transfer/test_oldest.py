"""What is said of the values that arrive holds for the oldest releases that the client says it works with, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
UV = ROOT / ".venvs/uv/bin/uv"
OLDEST = ["pandas==2.0.*", "pyarrow==16.0.*", "numpy<2", "orjson==3.10.0", "pydantic==2.7.*", "requests==2.31.*"]
TOOLS = ["httpx==0.27.*", "tenacity==8.3.*", "tqdm==4.65.*", "PyYAML>=6", "fsspec", "polars", "duckdb"]
TOOLS += ["hypothesis", "pytest", "pytest-timeout"]


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_oldest_releases_write_and_read_the_same(tmp_path: Path) -> None:
    if not UV.exists():
        pytest.skip("needs the environments that the Makefile makes")
    python = tmp_path / "oldest/bin/python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, python.parents[1]], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *OLDEST, *TOOLS], check=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IKIGAI_LOCAL_PYTHON": sys.executable}
    folder = ROOT / "tests/ikigai_core/transfer"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=900", "-m", "not soak"]
    command += [folder / "test_frame_csv.py", folder / "test_kinds_of_data.py"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
