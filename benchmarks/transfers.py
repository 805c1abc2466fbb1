"""Uploads and downloads: how long they take, and how much memory."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.clients import APP, KEY, PYTHONS, USER, begin, finish, helper
from benchmarks.data import ROWS, orders, repeat_csv
from benchmarks.report import Figure, Report, faster, within
from ikigai_core import App, Ikigai
from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.worker_modules import UPLOAD_CHECK
from ikigai_core.local.jobs.workers import Workers, last_words
from ikigai_core.local.process import LocalPlatform

RATE = 20e6
ROUND_TRIP = 0.04
LARGE = 2_000_000_000
MB = 1e6
_MINUTES = 15 * 60.0


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
        """One measurement."""
        return finish(begin(client, self.slow_url if slow else self.url, task, dataset, str(path)), _MINUTES)

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


def _compared(what: str, measured: dict[str, dict[str, float]], key: str, factor: float) -> Figure:
    ours, released = (measured[client][key] for client in PYTHONS)
    return faster(what, "s", ours, released, factor)


@contextlib.contextmanager
def bench(repeat: int) -> Iterator[Bench]:
    """The server and the data, for as long as they are needed."""
    with tempfile.TemporaryDirectory(prefix="ikigai-bench-") as folder, contextlib.ExitStack() as stack:
        data = Path(folder)
        frame = orders(ROWS)
        frame.to_pickle(data / "orders.pickle")
        frame.to_csv(data / "orders.csv", index=False)
        del frame
        url = stack.enter_context(helper("server", folder))
        slow_url = stack.enter_context(helper("slow_network", url.removeprefix("http://"), str(RATE), str(ROUND_TRIP)))
        app = stack.enter_context(Ikigai(USER, KEY, url)).apps[APP]
        size = (data / "orders.csv").stat().st_size
        print(f"Transfers: {ROWS:,} rows, 10 columns, {size / MB:.0f} MB of CSV; best of {repeat}", flush=True)
        yield Bench(url, slow_url, app, data, repeat)


def measure_transfers(report: Report, repeat: int) -> None:
    """All of it, against one server."""
    with bench(repeat) as made:
        _measure_uploads(report, made)
        _measure_downloads(report, made)
        _measure_memory(report, made)
        _measure_local_platform(report, made)


def _measure_uploads(report: Report, bench: Bench) -> None:
    frame = bench.both("upload-frame", bench.folder / "orders.pickle")
    report.add(_compared("frame up, loopback, to the last byte acknowledged", frame, "seconds_to_last_part", 6))
    report.add(_compared("frame up, loopback, to a verified dataset", frame, "seconds", 4))
    file = bench.both("upload-csv", bench.folder / "orders.csv", slow=True)
    report.add(_compared("CSV up, 20 MB/s a connection, 40 ms, to a verified dataset", file, "seconds", 4))


def _measure_downloads(report: Report, bench: Bench) -> None:
    bench.app.dataset.new("orders").csv(bench.folder / "orders.csv").build()
    down = bench.both("download-frame", dataset="orders", slow=True)
    report.add(_compared("down to a frame, 20 MB/s a connection, 40 ms", down, "seconds", 3))
    down = bench.both("download-frame", dataset="orders")
    report.add(_compared("down to a frame, loopback", down, "seconds", 1))


def _measure_local_platform(report: Report, bench: Bench) -> None:
    """Uploads to the local platform, which examines them: what its users wait for."""
    report.add(within("examination of the CSV file by a platform's worker", "s", _examine(bench), 1))
    with (
        LocalPlatform.start(user_email=USER, api_key=KEY) as platform,
        helper("slow_network", platform.url.removeprefix("http://"), str(RATE), str(ROUND_TRIP)) as slow_url,
        Ikigai(USER, KEY, platform.url) as ikigai,
    ):
        app = ikigai.app.new(APP).build()
        local = replace(bench, url=platform.url, slow_url=slow_url, app=app)
        frame = local.both("upload-frame", bench.folder / "orders.pickle")
        report.add(_compared("frame up to the local platform, loopback, verified", frame, "seconds", 5))
        file = local.both("upload-csv", bench.folder / "orders.csv", slow=True)
        report.add(_compared("CSV up to the local platform, 20 MB/s, 40 ms, verified", file, "seconds", 4))


def _examine(bench: Bench) -> float:
    """The best time of some examinations by a platform's workers, in seconds."""
    paths = [str(bench.folder / name) for name in ("orders.csv", "verdict.json")]
    workers = Workers()
    taken = []
    try:
        for _ in range(bench.repeat):
            begun = time.perf_counter()
            if workers.run("examination", UPLOAD_CHECK, bench.folder, *paths, *CheckLimits().arguments):
                raise RuntimeError(last_words(bench.folder))
            taken.append(time.perf_counter() - begun)
    finally:
        workers.stop()
    return min(taken)


def _measure_memory(report: Report, bench: Bench) -> None:
    """The memory beyond what was in use before, which is the import, or the import and the frame."""
    large = bench.folder / "large.csv"
    repeat_csv(bench.folder / "orders.csv", large, LARGE)
    for what, task, path in (
        ("a 2 GB CSV file", "upload-csv", large),
        ("a frame", "upload-frame", bench.folder / "orders.pickle"),
    ):
        measured = bench.run("ikigai_core", task, "moved", path)
        bench.app.datasets["moved"].delete()
        report.add(within(f"most memory while {what} goes up", "MB", measured["memory"] / MB, 128))
    large.unlink()
