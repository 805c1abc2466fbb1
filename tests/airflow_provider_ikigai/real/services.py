"""The servers that Airflow leans on in production, from Debian's packages: PostgreSQL and Redis."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_SECONDS = 60


def missing(*programs: str) -> str:
    """What is not installed, as a sentence that says how to; empty if nothing is missing."""
    packages = {"postgres": "postgresql", "initdb": "postgresql", "redis-server": "redis-server"}
    lacking = sorted({packages[program] for program in programs if not find(program)})
    return f"{' and '.join(lacking)} not found: apt-get install {' '.join(lacking)}" if lacking else ""


def find(program: str) -> str | None:
    """Path of a program; Debian keeps PostgreSQL's apart."""
    folders = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(program, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of its own, on loopback; yields ``user@host:port/database``, as addresses have it."""
    user = "postgres" if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="airflow-pg-", ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
            # The folder for temporary files may be root's alone: who owns the database has to pass.
            Path(gettempdir()).chmod(Path(gettempdir()).stat().st_mode | stat.S_IXOTH)
        data, port = Path(folder) / "data", free_port()
        groups = {"group": user, "extra_groups": []} if user else {}
        common = {"user": user, **groups, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        subprocess.run([find("initdb"), "-D", data, "-U", "airflow", "-A", "trust", "-N"], check=True, **common)  # type: ignore[list-item, call-overload]
        options = ["-k", folder, "-h", "127.0.0.1", "-p", str(port), "-c", "fsync=off", "-c", "max_connections=300"]
        with running([find("postgres"), "-D", data, *options], port, **common):  # type: ignore[list-item]
            yield f"airflow@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """A Redis of its own, on loopback; yields its address."""
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    with running([find("redis-server"), "--port", str(port), "--save", "", "--bind", "127.0.0.1"], port, **quiet):  # type: ignore[list-item]
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running(command: list[str], port: int, **options: object) -> Iterator[None]:
    """A server that listens on a port, ended by its own id."""
    server = subprocess.Popen(command, **options)  # type: ignore[call-overload]
    try:
        deadline = time.monotonic() + _SECONDS
        while not listens(port):
            assert server.poll() is None, f"{command[0]} ended with {server.returncode}"
            assert time.monotonic() < deadline, f"{command[0]} does not listen on {port}"
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def listens(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
