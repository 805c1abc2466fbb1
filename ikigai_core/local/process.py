"""The local platform as a separate process, started and stopped from Python.

Standard library only: it works without the platform's own dependencies if `python` is an interpreter that has them.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ikigai_core.local.control.client import LocalControl

PYTHON_VARIABLE = "IKIGAI_LOCAL_PYTHON"

_READY = re.compile(r"ready at (?P<url>http://\S+) \(credentials of (?P<email>\S+): ")
_STOP_SECONDS = 5.0
_BLOCK = 4096
_CREDENTIALS_FILE = "credentials.json"


class LocalPlatform:
    """A running local platform.

    Create it with `start`. As a context manager, it stops at the end of the block. It also ends
    if the process that started it ends.

    Attributes
    ----------
    url : str
        Base URL, with the actual port.
    user_email, api_key : str
        Its credentials.
    users : dict of str to str
        Keys of further users, by email address.
    data_dir : Path
        Folder of its state.
    pid : int
        Process id, which is also the id of the process group.
    """

    def __init__(
        self, command: list[str], environment: dict[str, str], data_dir: Path, *, is_scratch: bool, timeout: float
    ) -> None:
        self._command = command
        self._environment = environment
        self._is_scratch = is_scratch
        self._timeout = timeout
        self.data_dir = data_dir
        self.user_email = ""
        self.api_key = ""
        self.users: dict[str, str] = {}
        self.url = ""
        self._launch(port=None)

    @classmethod
    def start(
        cls,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        data_dir: str | Path | None = None,
        user_email: str | None = None,
        api_key: str | None = None,
        users: Iterable[str] = (),
        python: str | Path | None = None,
        timeout: float = 30.0,
        url_lifetime: float | None = None,
        workers: int | None = None,
        list_limit: int | None = None,
        check_timeout: float | None = None,
        check_memory: int | None = None,
        remote_control: bool = False,
        unconfined_scripts: bool = False,
        specs: str | Path | None = None,
        stand_ins: Mapping[str, str | Path] | None = None,
        replay: Iterable[str | Path] = (),
        replay_only: bool = False,
    ) -> Self:
        """Start a platform and wait until it is ready.

        Parameters
        ----------
        host : str, default "127.0.0.1"
            Address to listen on.
        port : int, default 0
            Port to listen on; 0 selects a free one.
        data_dir : str or Path, optional
            Folder of its state. Default: a temporary folder, which `stop` deletes.
        user_email, api_key : str, optional
            Credentials. Default: those kept in the folder, or new ones.
        users : iterable of str, optional
            Email addresses of further users. The attribute `users` contains their keys.
        python : str or Path, optional
            Interpreter with ``ikigai-core[local]``. Default: ``$IKIGAI_LOCAL_PYTHON``, or else the current one.
        timeout : float, default 30.0
            Maximum wait in seconds.
        url_lifetime : float, optional
            Validity of signed URLs in seconds. Default: one hour.
        workers : int, optional
            Maximum number of flows that run at the same time. Default: one per CPU, at least two.
        list_limit : int, optional
            Maximum number of components in a list, as on large platforms. Default: no limit.
        check_timeout : float, optional
            Maximum time to check an uploaded file, in seconds. Default: ten minutes.
        check_memory : int, optional
            Maximum memory to check an uploaded file, in MiB. Default: 4096.
        remote_control : bool, default False
            Whether other machines may use `control`, too.
        unconfined_scripts : bool, default False
            Whether scripts of flows see all that the platform's process sees: the files of all users, and of yours.
        specs : str or Path, optional
            File with the facet and model specs of an account, which ``ikigai specs pull`` writes. Default: its own.
        stand_ins : mapping of str to str or Path, optional
            Outputs of facets, by name, type (``MID.EDA``) or output (``MID.EDA:alert``): a CSV or Parquet file,
            ``file.py:function``, or ``none``. `control.stand_in` takes frames and functions, too.
        replay : iterable of str or Path, optional
            Folders that ``ikigai record`` wrote. Their flows and data are there from the start, in the app of the
            platform's own user.
        replay_only : bool, default False
            Whether runs of these flows compute nothing, and return the recorded outputs.

        Raises
        ------
        RuntimeError
            If it ends before it is ready. The message contains its output.
        TimeoutError
            If it is not ready in time.
        """
        folder = Path(data_dir).absolute() if data_dir else Path(tempfile.mkdtemp(prefix="ikigai-local-"))
        interpreter = str(python or os.environ.get(PYTHON_VARIABLE) or sys.executable)
        command = [interpreter, "-m", "ikigai_core.local", "--exit-with-parent", "--host", host, "--port", str(port)]
        command += ["--data-dir", str(folder)]
        options: dict[str, object] = {
            "--url-lifetime": url_lifetime,
            "--workers": workers,
            "--list-limit": list_limit,
            "--check-timeout": check_timeout,
            "--check-memory": check_memory,
            "--specs": Path(specs).absolute() if specs else None,
        }
        for option, value in options.items():
            command += [] if value is None else [option, str(value)]
        given_stand_ins = (f"{facet}={source}" for facet, source in (stand_ins or {}).items())
        command += [word for stand_in in given_stand_ins for word in ("--stand-in", stand_in)]
        command += [word for folder in replay for word in ("--replay", str(Path(folder).absolute()))]
        command += ["--replay-only"] if replay_only else []
        command += ["--remote-control"] if remote_control else []
        command += ["--unconfined-scripts"] if unconfined_scripts else []
        for email in users:
            command += ["--user", email]
        # The key is passed in the environment, because every user of the machine can read command lines.
        given = {"IKIGAI_USER_EMAIL": user_email, "IKIGAI_API_KEY": api_key}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("IKIGAI_")}
        environment |= {name: value for name, value in given.items() if value}
        return cls(command, environment, folder, is_scratch=data_dir is None, timeout=timeout)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    @property
    def control(self) -> LocalControl:
        """The control API: orders failures, run outcomes and test accounts."""
        return LocalControl(self.url, self.user_email, self.api_key)

    def environ(self, user_email: str | None = None) -> dict[str, str]:
        """Return the environment variables that connect clients to the platform.

        Parameters
        ----------
        user_email : str, optional
            One of `users`. Default: the platform's own user.

        Raises
        ------
        KeyError
            If there is no such user.
        """
        return {
            "IKIGAI_BASE_URL": self.url,
            "IKIGAI_USER_EMAIL": user_email or self.user_email,
            "IKIGAI_API_KEY": self.users[user_email] if user_email else self.api_key,
        }

    def stop(self) -> None:
        """Stop the platform and delete its folder if it is temporary. Does nothing if the platform has ended.

        With a temporary folder, this takes only a few hundredths of a second, because nothing is kept.
        """
        self._end(signal.SIGKILL if self._is_scratch else signal.SIGTERM)
        if self._is_scratch:
            self._delete_folder()

    def kill(self) -> None:
        """Kill the platform, as in a crash. Its folder stays for `restart`."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Restart the platform with the same port, folder and credentials, also after `kill`."""
        self._end(signal.SIGTERM)
        self._launch(port=self.url.rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"LocalPlatform(url={self.url!r}, user_email={self.user_email!r}, data_dir={str(self.data_dir)!r})"

    def _launch(self, port: str | None) -> None:
        if port is not None:
            self._command[self._command.index("--port") + 1] = port
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._said = self.data_dir / "server.log"
        with os.fdopen(os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self._log_start = log.tell()
            self._process = self._spawn(log)
        atexit.register(self.stop)
        try:
            ready = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self.url, self.user_email = ready["url"], ready["email"]
        kept = self._kept_credentials()
        self.api_key = self._environment.get("IKIGAI_API_KEY") or kept["api_key"]
        self.users = kept.get("users", {})

    def _spawn(self, log: BinaryIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=self._environment,
            start_new_session=True,
        )

    def _wait_until_ready(self) -> re.Match[str]:
        deadline = time.monotonic() + self._timeout
        said = b""
        assert self._process.stdout is not None
        stdout = self._process.stdout.fileno()
        while b"\n" not in said:
            if not select.select([stdout], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError(f"The local platform was not ready after {self._timeout} s: {self._errors()}")
            block = os.read(stdout, _BLOCK)
            if not block:
                code = self._process.wait()
                raise RuntimeError(f"The local platform ended with {code} before it was ready: {self._errors()}")
            said += block
        ready = _READY.search(said.decode())
        if ready is None:
            raise RuntimeError(f"The local platform printed an unexpected line at its start: {said.decode()!r}")
        return ready

    def _kept_credentials(self) -> dict[str, Any]:
        file = self.data_dir / _CREDENTIALS_FILE
        kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return kept

    def _errors(self) -> str:
        with self._said.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace").strip() or "it said nothing"

    def _end(self, how: signal.Signals) -> None:
        atexit.unregister(self.stop)
        if self._process.poll() is None:
            if how is not signal.SIGKILL:
                self._process.send_signal(how)
                try:
                    self._process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    pass
            self._kill_group()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _delete_folder(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        while self.data_dir.exists() and time.monotonic() < deadline:
            # The workers end a moment later, and may still have written files.
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def _kill_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
