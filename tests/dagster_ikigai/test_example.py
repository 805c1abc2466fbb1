"""The example as the demo runs it: real processes, a persistent instance, and no key anywhere in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

RUNNER = Path(__file__).parents[2] / "examples" / "demo" / "run_dagster.py"


def test_the_example_is_materialized_on_an_instance_that_never_sees_the_key(tmp_path: Path) -> None:
    command = [sys.executable, str(RUNNER), "--result", str(tmp_path / "result.json")]
    command += ["--work-dir", str(tmp_path / "work")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["who"], result["status"]) == ("Dagster", "SUCCESS")
    assert result["rows"] == len(pd.read_csv(result["output"])) > 0
    assert "Flow 'Late flights': SUCCESS" in done.stdout
    assert "minutes_late" in done.stdout

    key = os.environ["IKIGAI_API_KEY"].encode()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"late_flights" in path.read_bytes() for path in kept)
    assert not [path for path in kept if key in path.read_bytes()]
    assert key.decode() not in done.stdout + done.stderr
