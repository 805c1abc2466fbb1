"""A platform whose runs take their time and nothing else: what is measured is the client that follows them.

A flow is named for how long its runs take, ``<seconds>s <anything>``, or ``<seconds>s <seconds>s <anything>`` if later
runs take another time than the first. A word of `SHAPES` in its name says how its progress goes. The status, the log
and what a start answers are as the platform gives them. (The local platform's runs are real, and 2,000 side by side are
more than one machine has room for.)

``python -m benchmarks.runs_server`` prints its URL and ends with its standard input. ``GET /measured`` says of each
flow when its runs began and ended (on this machine's monotonic clock) and how many requests concerned it, and how many
requests there were in each second.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn

_USER = "user@example.com"


SHAPES: dict[str, Callable[[float], float]] = {
    "steady": lambda share: share,
    "none": lambda share: 0.0,
    "jumping": lambda share: share / 2,
}


@dataclass
class Flow:
    """A flow's run, and what it cost to follow."""

    name: str
    began: float = 0.0
    ends: float = 0.0
    starts: int = 0
    requests: int = 0
    requests_before: int = 0
    runs: list[tuple[float, float]] = field(default_factory=list)
    logs: list[dict[str, str]] = field(default_factory=list)

    @property
    def record(self) -> dict[str, Any]:
        """The flow as the platform describes it."""
        flow: dict[str, Any] = {"project_id": "app", "pipeline_id": self.name, "name": self.name, "directory": {}}
        flow |= {"definition": {"facets": [], "arrows": [], "variables": {}, "model_variables": {}}}
        flow |= {"trigger_downstream_pipelines": False, "high_volume_preference": False, "agent_access": False}
        return flow | {"schedule": None, "created_at": "1", "modified_at": "1"}

    def start(self) -> None:
        """Begin a run."""
        durations = [float(word[:-1]) for word in self.name.split() if word[-1] == "s" and word[0].isdigit()]
        self.began = time.monotonic()
        self.ends = self.began + durations[min(self.starts, len(durations) - 1)]
        self.runs.append((self.began, self.ends))
        self.starts += 1
        self.requests_before = self.requests

    @property
    def status(self) -> dict[str, Any]:
        """Whether it runs, and how far it is."""
        now = time.monotonic()
        if not self.began <= now < self.ends:
            return {"status": False, "progress": {"status": "IDLE", "message": ""}}
        shape = next((SHAPES[word] for word in self.name.split() if word in SHAPES), SHAPES["steady"])
        percent = int(100 * shape((now - self.began) / (self.ends - self.began)))
        return {"status": True, "progress": {"status": "RUNNING", "progress": percent, "message": ""}}

    @property
    def log(self) -> list[dict[str, str]]:
        """The runs that are over."""
        if len(self.logs) < self.starts and time.monotonic() >= self.ends:
            # Later than the start, by the clock of the released client.
            entry = {"log_id": f"log {self.starts} of {self.name}", "status": "SUCCESS", "user": _USER, "message": ""}
            self.logs.insert(0, entry | {"erroneous_facet_id": "", "timestamp": str(int(time.time()) + 2)})
        return self.logs


class Platform:
    """The endpoints that runs need, as an ASGI app."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}
        self._seconds: Counter[int] = Counter()

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"].rsplit("/", 1)[-1]
        query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
        body = await _body(receive) if scope["method"] == "POST" else {}
        answer = json.dumps(self._answer(path, query, body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        if path == "measured":
            return {
                "flows": {name: asdict(flow) for name, flow in self._flows.items()},
                "seconds": list(self._seconds.values()),
            }
        self._seconds[int(time.monotonic())] += 1
        if path == "heartbeat":
            return {}
        if path == "get-project":
            app: dict[str, Any] = {"project_id": "app", "name": "Benchmarks", "owner": _USER, "description": ""}
            app |= {"icon": "", "images": [], "directory": {}, "created_at": "1", "modified_at": "1"}
            return {"project": app | {"last_used_at": "1"}}
        name = query.get("pipeline_id") or query.get("name") or body.get("pipeline", {}).get("pipeline_id")
        flow = self._flows.setdefault(str(name), Flow(str(name)))
        flow.requests += 1
        return self._about(flow, path)

    def _about(self, flow: Flow, path: str) -> Any:
        if path == "get-pipeline":
            return {"pipeline": flow.record}
        if path == "is-pipeline-running":
            return flow.status
        if path == "get-pipeline-log":
            return {"pipeline_log": flow.log}
        if path == "run-pipeline":
            flow.start()
            return {"pipeline_id": flow.name}
        raise LookupError(f"no such path: {path}")


async def _body(receive: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            read: dict[str, Any] = json.loads(content)
            return read


async def serve() -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(Platform(), log_level="warning", timeout_keep_alive=600, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await running


if __name__ == "__main__":
    asyncio.run(serve())
