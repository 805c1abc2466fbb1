"""What importing costs, in processor time: on an idle machine, that is how long it takes.

It is measured inside the interpreter, after what it is to be added to.

``python -m benchmarks.imports PYTHON BASE ADDED`` prints the milliseconds that the statement ADDED costs after BASE:
``python -m benchmarks.imports .venvs/prefect/bin/python "import prefect" "import prefect_ikigai"``. Tests of an import
budget may call `added`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.clients import PYTHONS, ROOT
from benchmarks.report import Report, faster, within

_EMPTY_DAG = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator as {name}
with DAG("measured"):
    for number in range(8):
        {name}(task_id=f"task_{{number}}")
"""
_DAG = """
from airflow.sdk import DAG
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
with DAG("measured"):
    for number in range(4):
        IkigaiEnsureFlowOperator(task_id=f"ensure_{number}", app="a", flow="f", definition={"facets": {}})
        IkigaiRunFlowOperator(task_id=f"run_{number}", app="a", flow="f")
"""


_TIMED = """
{base}
from time import process_time as _now
_began = _now()
{statement}
_took = _now() - _began
import sys
sys.stdout.write(f"\\n{{_took}}")
"""


def added(
    python: Path | str,
    base: str,
    statement: str,
    *,
    repeat: int = 5,
    environment: Mapping[str, str] | None = None,
) -> float:
    """Seconds of processor time that a statement takes in an interpreter that has done another: the least of some."""
    script = _TIMED.format(base=base, statement=statement)
    # The first time, bytecode is written.
    return min([_printed(python, script, environment or {}) for _ in range(repeat + 1)][1:])


def _printed(python: Path | str, script: str, environment: Mapping[str, str]) -> float:
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            [str(python), "-c", script], cwd=elsewhere, env=variables, stdout=subprocess.PIPE, text=True, check=True
        )
    return float(done.stdout.rpartition("\n")[2])


@contextlib.contextmanager
def wheel_installed() -> Iterator[Path]:
    """A Python with a wheel of ikigai-core, bytecode and all, beside the dependencies of the core's environment."""
    core = PYTHONS["ikigai_core"]
    with tempfile.TemporaryDirectory(prefix="ikigai-wheel-") as folder:
        home = Path(folder)
        _quietly(core, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(home), str(ROOT))
        _quietly(core, "-m", "venv", "--without-pip", str(home / "venv"))
        python = home / "venv/bin/python"
        packages = Path(sysconfig.get_path("purelib", vars={"base": str(home / "venv")}))
        options: list[Path | str] = ["--quiet", "--offline", "--no-deps", "--compile-bytecode", "--python", python]
        _quietly(ROOT / ".venvs/uv/bin/uv", "pip", "install", *options, *home.glob("*.whl"))
        # The .pth files of a folder that is added this way are not read: the checkout stays out.
        beside = sysconfig.get_path("purelib", vars={"base": str(core.parent.parent)})
        (packages / "dependencies.pth").write_text(f"{beside}\n")
        yield python


def _quietly(*command: Path | str) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure_imports(report: Report, repeat: int) -> None:
    """The core as a wheel, beside the released client; and what each integration adds to its orchestrator."""
    times = max(repeat, 5)
    with wheel_installed() as python:
        package = added(python, "pass", "import ikigai_core", repeat=times)
        client = added(python, "pass", "from ikigai_core import Ikigai", repeat=times)
    released = added(PYTHONS["ikigai"], "pass", "from ikigai import Ikigai", repeat=times)
    ms = 1000
    report.add(
        within("import ikigai_core, over python -c pass", "ms", ms * package, 150, ms * released),
        within("from ikigai_core import Ikigai, over python -c pass", "ms", ms * client, 150, ms * released),
        faster("from ikigai_core import Ikigai, a part of the released client's", "ms", ms * client, ms * released, 3),
    )
    for adapter, base, statement, limit in (
        ("prefect", "import prefect", "import prefect_ikigai", 150),
        ("dagster", "import dagster", "import dagster_ikigai", 100),
        ("airflow", _EMPTY_DAG.format(name="Empty"), _DAG, 100),
    ):
        _measure_adapter(report, adapter, base, statement, limit, times)


def _measure_adapter(report: Report, adapter: str, base: str, statement: str, limit: float, times: int) -> None:
    python = ROOT / f".venvs/{adapter}/bin/python"
    if not python.exists():
        print(f"{adapter}: not measured, for there is no .venvs/{adapter}; `make .venvs/{adapter}/.ready` makes it")
        return
    with tempfile.TemporaryDirectory() as home:
        environment = {"AIRFLOW_HOME": home, "PREFECT_HOME": home, "DAGSTER_HOME": home}
        seconds = added(python, base, statement, repeat=times, environment=environment)
    parsing = "parsing a DAG of 8 of our operators, over one of empty ones"
    what = parsing if adapter == "airflow" else f"{statement} after import {adapter}"
    report.add(within(what, "ms", 1000 * seconds, limit))


if __name__ == "__main__":
    print(round(1000 * added(sys.argv[1], sys.argv[2], sys.argv[3])))
