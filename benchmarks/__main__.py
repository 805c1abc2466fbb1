"""Measure transfers with both clients, in turns, against the same server.

``python -m benchmarks [--repeat 3] [--only upload download memory]``. It needs the environments ``.venvs/core`` and
``.venvs/released`` (the Makefile makes them), Linux, and about 7 GB of disk in the temporary folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import ROWS, orders, repeat_csv
from ikigai_core import App, Ikigai

ROOT = Path(__file__).parent.parent
PYTHONS = {"ikigai_core": ROOT / ".venvs/core/bin/python", "ikigai": ROOT / ".venvs/released/bin/python"}
RATE = 20e6
ROUND_TRIP = 0.04
USER, KEY = "user@example.com", "benchmarks"
LARGE = 2_000_000_000
MB = 1e6


@dataclass
class Bench:
    """A server, a slow way to it, and data."""

    url: str
    slow_url: str
    app: App
    folder: Path
    repeat: int

    def run(
        self, client: str, task: str, dataset: str, path: Path | str = "", *, slow: bool = False
    ) -> dict[str, float]:
        """One measurement, in a fresh process."""
        environment = {
            **os.environ,
            "BENCHMARKED_CLIENT": client,
            "IKIGAI_BASE_URL": self.slow_url if slow else self.url,
            "IKIGAI_USER_EMAIL": USER,
            "IKIGAI_API_KEY": KEY,
        }
        script = str(Path(__file__).with_name("client.py"))
        command = [str(PYTHONS[client]), script, task, self.app.name, dataset, str(path)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, timeout=900)
        measured: dict[str, float] = json.loads(done.stdout)
        return measured

    def both(
        self, task: str, path: Path | str = "", *, dataset: str = "", slow: bool = False
    ) -> dict[str, dict[str, float]]:
        """The best of some measurements of both clients, taken in turns; of the memory, the most."""
        taken: dict[str, list[dict[str, float]]] = {client: [] for client in PYTHONS}
        for _ in range(self.repeat):
            for client in PYTHONS:
                taken[client].append(self.run(client, task, dataset or "moved", path, slow=slow))
                if not dataset:
                    self.app.datasets["moved"].delete()
        return {
            client: {key: (max if key == "memory" else min)(run[key] for run in runs) for key in runs[0]}
            for client, runs in taken.items()
        }


def compare(what: str, measured: dict[str, dict[str, float]], key: str, wanted: float) -> None:
    """Print how much faster the new client is."""
    ours, released = (measured[client][key] for client in PYTHONS)
    print(f"{what:62} {ours:7.2f} s {released:7.2f} s {released / ours:6.1f} x   (wanted: {wanted:.0f} x)", flush=True)


def measure_uploads(bench: Bench) -> None:
    """A frame over loopback, a CSV file over the slow network."""
    frame = bench.both("upload-frame", bench.folder / "orders.pickle")
    compare("frame up, loopback, until the last part is acknowledged", frame, "seconds_to_last_part", 6)
    compare("frame up, loopback, until the dataset is verified", frame, "seconds", 4)
    file = bench.both("upload-csv", bench.folder / "orders.csv", slow=True)
    compare("CSV up, 20 MB/s a connection, 40 ms, until verified", file, "seconds", 4)


def measure_downloads(bench: Bench) -> None:
    """A dataset to a frame, over the slow network and over loopback."""
    bench.app.dataset.new("orders").csv(bench.folder / "orders.csv").build()
    down = bench.both("download-frame", dataset="orders", slow=True)
    compare("down to a frame, 20 MB/s a connection, 40 ms", down, "seconds", 3)
    down = bench.both("download-frame", dataset="orders")
    compare("down to a frame, loopback", down, "seconds", 1)


def measure_memory(bench: Bench) -> None:
    """The memory beyond what was in use before, which is the import, or the import and the frame."""
    large = bench.folder / "large.csv"
    repeat_csv(bench.folder / "orders.csv", large, LARGE)
    for what, task, path in (
        ("a 2 GB CSV file", "upload-csv", large),
        ("a frame", "upload-frame", bench.folder / "orders.pickle"),
    ):
        measured = bench.run("ikigai_core", task, "moved", path)
        bench.app.datasets["moved"].delete()
        print(
            f"{f'most memory while {what} goes up':62} {measured['memory'] / MB:7.0f} MB (wanted: 128 MB at most)",
            flush=True,
        )
    large.unlink()


MEASUREMENTS = {"upload": measure_uploads, "download": measure_downloads, "memory": measure_memory}


@contextlib.contextmanager
def helper(module: str, *arguments: str) -> Iterator[str]:
    """A process of this package that ends with its standard input; what it says first."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def main() -> None:
    """Make the data, start the server, measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each kind, of which the best counts")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ikigai-bench-") as folder, contextlib.ExitStack() as stack:
        data = Path(folder)
        frame = orders(ROWS)
        frame.to_pickle(data / "orders.pickle")
        frame.to_csv(data / "orders.csv", index=False)
        del frame
        size = (data / "orders.csv").stat().st_size
        url = stack.enter_context(helper("server", folder))
        address = url.removeprefix("http://")
        slow_url = stack.enter_context(helper("slow_network", address, str(RATE), str(ROUND_TRIP)))
        app = stack.enter_context(Ikigai(USER, KEY, url)).apps["Benchmarks"]
        print(f"{ROWS:,} rows, 10 columns, {size / MB:.0f} MB of CSV; best of {chosen.repeat}")
        print(f"{'':62} {'ikigai_core':>9} {'released':>8}")
        bench = Bench(url, slow_url, app, data, chosen.repeat)
        for name in chosen.only:
            MEASUREMENTS[name](bench)


if __name__ == "__main__":
    main()
