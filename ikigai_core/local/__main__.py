"""``python -m ikigai_core.local``: serve the local platform until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from ikigai_core.errors import IkigaiError

try:
    from ikigai_core.local.application import Server, create_app
    from ikigai_core.local.control.sources import prepare_given, staged
    from ikigai_core.local.jobs.check_limits import CheckLimits
    from ikigai_core.local.parent_watch import call_when_starter_ends
    from ikigai_core.local.platform import Platform, Settings
    from ikigai_core.local.running import Running, noted
    from ikigai_core.local.server.console_address import PREFIX
    from ikigai_core.local.store.credentials import Credentials
except ModuleNotFoundError as missing:
    sys.exit(
        f"The local platform needs {missing.name}: pip install 'ikigai-core[local]', "
        "or set IKIGAI_LOCAL_PYTHON to a Python that has it."
    )

_BACKLOG = 2048


def main(command_line: Sequence[str] | None = None, program: str = "python -m ikigai_core.local") -> int:
    """Run the command; return its exit status.

    Parameters
    ----------
    command_line : sequence of str, optional
        Default: the arguments of this process.
    program : str
        Name of the command in its help.
    """
    arguments = _parse(command_line, program)
    # Only the user who runs the platform may read the files that it and its workers write.
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if arguments.exit_with_parent:
        call_when_starter_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="ikigai-local-", ignore_cleanup_errors=True) as scratch:
        try:
            listener = _listen(arguments.host, arguments.port)
            platform = Platform(_settings(arguments, Path(scratch)))
        except (OSError, ValueError, RuntimeError, sqlite3.Error) as error:
            sys.stderr.write(f"The local platform cannot start: {error}\n")
            return 1
        return _serve(
            platform,
            listener,
            Replays(arguments.replay, only=arguments.replay_only),
            as_json=arguments.json,
            is_noted=not (arguments.exit_with_parent or arguments.no_note),
        )


def _parse(command_line: Sequence[str] | None, program: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=program, description="Serve the local platform until it is stopped.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8100, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument("--data-dir", type=Path, help="folder of the platform's state (default: a temporary one)")
    parser.add_argument(
        "--user-email", help="user of the platform (default: $IKIGAI_USER_EMAIL, or the user stored in the folder)"
    )
    parser.add_argument(
        "--api-key", help="key of that user (default: $IKIGAI_API_KEY, or the key stored in the folder)"
    )
    parser.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="EMAIL",
        help="an additional user; the key is created and stored in the folder; repeatable",
    )
    parser.add_argument("--url-lifetime", type=float, help="seconds for which signed URLs are valid (default: an hour)")
    parser.add_argument(
        "--workers",
        type=int,
        help="maximum number of flows that run in parallel (default: one for each CPU, at least two)",
    )
    parser.add_argument(
        "--list-limit",
        type=int,
        help="maximum number of components in a list; longer ones are cut, with a warning (default: all)",
    )
    parser.add_argument(
        "--check-timeout",
        type=float,
        default=CheckLimits.seconds,
        metavar="SECONDS",
        help="maximum time to check an uploaded file (default: %(default)g)",
    )
    parser.add_argument(
        "--check-memory",
        type=int,
        default=CheckLimits.memory >> 20,
        metavar="MIB",
        help="maximum memory to check an uploaded file, in MiB (default: %(default)s)",
    )
    parser.add_argument("--remote-control", action="store_true", help="allow the control API from other machines, too")
    parser.add_argument(
        "--unconfined-scripts",
        action="store_true",
        help="let scripts of flows read everything that this process can read, also other users' files and keys",
    )
    parser.add_argument(
        "--specs",
        type=Path,
        metavar="FILE",
        help="file with the facet and model specs of an account, from `ikigai specs pull` (default: built-in specs)",
    )
    parser.add_argument(
        "--stand-in",
        action="append",
        default=[],
        metavar="FACET[:OUTPUT]=SOURCE",
        help="output of a facet, by name or type (MID.EDA): a CSV or Parquet file, FILE.py:FUNCTION, or none; "
        "repeatable",
    )
    parser.add_argument(
        "--replay",
        action="append",
        default=[],
        metavar="FOLDER",
        help="start with the flow and the data that `ikigai record` wrote to this folder; repeatable",
    )
    parser.add_argument(
        "--replay-only",
        action="store_true",
        help="compute nothing in runs of replayed flows, and return the recorded outputs",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input is closed")
    parser.add_argument(
        "--no-note", action="store_true", help="write no note, so that `ikigai local env` does not find the platform"
    )
    parser.add_argument("--json", action="store_true", help="print the addresses of the platform as one line of JSON")
    return parser.parse_args(command_line)


def _settings(arguments: argparse.Namespace, scratch: Path) -> Settings:
    chosen = {
        "url_lifetime": arguments.url_lifetime,
        "side_by_side": arguments.workers,
        "list_limit": arguments.list_limit,
    }
    return Settings(
        data_dir=(arguments.data_dir or scratch).absolute(),
        user_email=arguments.user_email or os.environ.get("IKIGAI_USER_EMAIL"),
        api_key=arguments.api_key or os.environ.get("IKIGAI_API_KEY"),
        users=tuple(arguments.user),
        check_limits=CheckLimits(arguments.check_timeout, arguments.check_memory << 20),
        remote_control=arguments.remote_control,
        unconfined_scripts=arguments.unconfined_scripts,
        specs=arguments.specs.absolute() if arguments.specs else None,
        stand_ins=staged(prepare_given(arguments.stand_in), scratch / "given"),
        **{name: value for name, value in chosen.items() if value is not None},
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # asyncio disables Nagle's delay (40 ms per answer) only for sockets with an explicit protocol.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        raise OSError(f"cannot listen on {host}:{port}: {error}") from None
    return listener


@dataclass(frozen=True)
class Replays:
    """Recordings that the platform replays from its start on."""

    folders: Sequence[str]
    only: bool

    def begin(self, url: str, credentials: Credentials) -> None:
        """Create the recorded flows on the platform. It must be serving already."""
        from ikigai_core.client import Ikigai
        from ikigai_core.local.control.client import LocalControl
        from ikigai_core.local.replay import replay

        user, key = credentials.user_email, credentials.api_key
        for folder in self.folders:
            with Ikigai(user, key, url) as ikigai:
                replay(LocalControl(url, user, key), ikigai, folder, only=self.only, permanent=True)


def _serve(platform: Platform, listener: socket.socket, replays: Replays, *, as_json: bool, is_noted: bool) -> int:
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    file = platform.credentials.file
    running = Running(url, f"{url}{PREFIX}", platform.credentials.user_email, str(file) if file else None)

    failures: list[Exception] = []

    async def say_ready() -> None:
        try:
            # A replay sends requests to this platform, so it runs in a thread.
            if replays.folders:
                await asyncio.to_thread(replays.begin, url, platform.credentials)
        except (OSError, ValueError, RuntimeError, IkigaiError) as error:
            failures.append(error)
            server.should_exit = True
            return
        sys.stdout.write(f"{_announcement(running, as_json=as_json)}\n")
        sys.stdout.flush()

    server = Server(create_app(platform), on_ready=say_ready)
    # The garbage collector need not look through what stays.
    gc.freeze()
    # After its shutdown, uvicorn repeats the signal that stopped it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A platform that ends with its parent process belongs to that process.
    note = noted(running) if is_noted else nullcontext()
    try:
        with note:
            asyncio.run(server.serve(sockets=[listener]))
    except (KeyboardInterrupt, SystemExit):
        pass
    for failure in failures:
        sys.stderr.write(f"The local platform cannot start: {failure}\n")
    return 0 if server.started and not failures else 1


def _announcement(running: Running, *, as_json: bool) -> str:
    """Return one line with the addresses of the platform, its console and its credentials file, without the key."""
    if as_json:
        return json.dumps(asdict(running))
    where = f"in {running.credentials_file}" if running.credentials_file else "as passed"
    ready = f"Ikigai local platform ready at {running.base_url} (credentials of {running.user_email}: {where})"
    return f"{ready}, console at {running.console_url}"


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Does not wait for working threads. The next start settles their work, as after a crash.
    os._exit(status)
