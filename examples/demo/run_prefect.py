"""Run ``prefect_late_flights.py`` against a real Prefect server.

    python run_prefect.py --result FILE --work-dir DIR

The platform is named by IKIGAI_BASE_URL, IKIGAI_USER_EMAIL and IKIGAI_API_KEY. Everything that Prefect keeps is below
the work folder, the server listens on loopback, and it is ended here.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent.parent
START_TIMEOUT = 300.0


def main() -> int:
    """Run the flow once and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--result", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--work-dir", type=Path, required=True, help="an empty folder")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        result = run_late_flights(arguments.work_dir.resolve())
    except Exception as error:
        print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
        return 1
    arguments.result.write_text(json.dumps(result))
    return 0


def run_late_flights(work_dir: Path) -> dict[str, Any]:
    """Start a server, run the example's flow against it, and ask the server how it ended.

    Returns
    -------
    dict
        ``who``, ``status``, ``rows``, ``seconds`` (the flow run's, start-up left out) and ``output``.
    """
    output = work_dir / "late_flights.csv"
    started = time.monotonic()
    # Prefect logs to stderr, which belongs to the reason of a failure here.
    with contextlib.redirect_stderr(sys.stdout):
        start_server(work_dir)
        print(f"Prefect's server is up after {time.monotonic() - started:.1f} s", flush=True)
        save_credentials()
        started = time.monotonic()
        run_flow(output)
        seconds = time.monotonic() - started
    rows = len(output.read_text().splitlines()) - 1
    return {"who": "Prefect", "status": "SUCCESS", "rows": rows, "seconds": seconds, "output": str(output)}


def save_credentials() -> None:
    """Register the block type and save the credentials that the environment names."""
    from pydantic import SecretStr

    from prefect_ikigai import IkigaiCredentials

    credentials = IkigaiCredentials(
        user_email=os.environ["IKIGAI_USER_EMAIL"],
        api_key=SecretStr(os.environ["IKIGAI_API_KEY"]),
        base_url=os.environ["IKIGAI_BASE_URL"],
    )
    credentials.save("ikigai", overwrite=True)


def run_flow(output: Path) -> None:
    """Run the example's flow in this process, and ask the server how it ended.

    Raises
    ------
    RuntimeError
        With the state's message, where it did not complete.
    """
    sys.path.insert(0, str(EXAMPLES))
    from prefect.client.orchestration import get_client
    from prefect_late_flights import late_flights

    flow_run_id = late_flights(output=output, return_state=True).state_details.flow_run_id
    assert flow_run_id is not None
    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(flow_run_id)
    print(f"Prefect's server has flow run {flow_run.name!r} as {flow_run.state_name}", flush=True)
    if flow_run.state is None or not flow_run.state.is_completed():
        message = flow_run.state.message if flow_run.state else ""
        raise RuntimeError(f"Flow run {flow_run.name!r} ended {flow_run.state_name}: {message}")


def start_server(work_dir: Path) -> None:
    """Start a Prefect server on a free port and name it in the environment. It ends when this process ends."""
    port = free_port()
    api_url = f"http://127.0.0.1:{port}/api"
    os.environ.update(
        PREFECT_HOME=str(work_dir / "prefect"),
        PREFECT_API_URL=api_url,
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_COLORS="false",
        DO_NOT_TRACK="1",
    )
    log_path = work_dir / "prefect-server.log"
    # Without its background services, which nothing here needs.
    options = ["--no-ui", "--no-services", "--host=127.0.0.1", f"--port={port}"]
    command = [sys.executable, "-m", "prefect", "server", "start", *options]
    with log_path.open("w") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    # Registered before Prefect is imported, so that it comes after Prefect's own: its last logs and events arrive.
    atexit.register(end, server)
    # Prefect's settings are read when it is imported. That takes a while, so it is done while the server starts.
    importing = threading.Thread(target=__import__, args=("prefect_ikigai",), daemon=True)
    importing.start()
    await_health(server, f"{api_url}/health", log_path)
    importing.join()


def free_port() -> int:
    """A port on loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_health(server: subprocess.Popen[bytes], url: str, log_path: Path) -> None:
    """Wait until the server answers.

    Raises
    ------
    RuntimeError
        With the end of the server's log, where it ended or took too long.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.05)
    last_lines = " / ".join(log_path.read_text().splitlines()[-5:])
    raise RuntimeError(f"Prefect's server did not start: {last_lines}")


def end(server: subprocess.Popen[bytes]) -> None:
    """End the server's process, gently first."""
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
