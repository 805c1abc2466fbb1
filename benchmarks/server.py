"""A platform that has nothing to do but move bytes: what is measured is the client.

It keeps the datasets of one app in a folder and takes every upload for good. (The local platform reads all of an upload
to judge it, which takes longer than everything else and is the same for every client.)

``python -m benchmarks.server FOLDER`` prints its URL and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

PART_SIZE = 8 << 20
_BLOCK = 1 << 20


class Bytes(FileResponse):
    """A file in blocks that are large enough for a fast disk; ranges of it where they are asked for."""

    chunk_size = _BLOCK


class Server:
    """The endpoints that uploads and downloads need."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._datasets: dict[str, dict[str, Any]] = {}
        self._uploads: dict[str, Path] = {}

    def app(self) -> Starlette:
        """The server as an ASGI app."""
        component = {
            "get-project": self.get_app,
            "create-dataset": self.create,
            "get-dataset": self.get,
            "delete-dataset": self.delete,
            "get-dataset-multipart-upload-urls": self.begin,
            "complete-dataset-multipart-upload": self.complete,
            "verify-dataset-upload": self.nothing,
            "confirm-dataset-upload": self.confirm,
            "get-dataset-log": self.log,
            "get-dataset-download-url": self.offer,
        }
        routes = [Route(f"/component/{name}", call, methods=["GET", "POST"]) for name, call in component.items()]
        routes += [Route("/search/search-datasets-for-project", self.search)]
        routes += [Route(f"/{kind}/heartbeat", self.nothing) for kind in ("access", "search")]
        routes += [Route("/parts/{upload}/{number}", self.put, methods=["PUT"]), Route("/data/{dataset}", self.data)]
        return Starlette(routes=routes)

    async def nothing(self, request: Request) -> Response:
        return JSONResponse({})

    async def get_app(self, request: Request) -> Response:
        app: dict[str, Any] = {
            "project_id": "app",
            "name": "Benchmarks",
            "owner": "user@example.com",
            "description": "",
            "icon": "",
        }
        app |= {"images": [], "directory": {}, "created_at": "1", "modified_at": "1", "last_used_at": "1"}
        return JSONResponse({"project": app})

    async def create(self, request: Request) -> Response:
        name = (await request.json())["dataset"]["name"]
        dataset = {"project_id": "app", "dataset_id": uuid.uuid4().hex, "name": name, "filename": f"{name}.csv"}
        dataset |= {"file_extension": "csv", "data_types": {}, "directory": {}, "size": 0, "agent_access": False}
        dataset |= {"is_visible": True, "is_optimized": False, "created_at": "1", "modified_at": "1"}
        self._datasets[str(dataset["dataset_id"])] = dataset
        return JSONResponse({"dataset_id": dataset["dataset_id"]})

    async def get(self, request: Request) -> Response:
        wanted = set(request.query_params.values())
        found = next(each for each in self._datasets.values() if {each["dataset_id"], each["name"]} & wanted)
        return JSONResponse({"dataset": found})

    async def search(self, request: Request) -> Response:
        found = [each for each in self._datasets.values() if request.query_params["query"] in each["name"]]
        return JSONResponse({"datasets": found, "limit_warning": ""})

    async def delete(self, request: Request) -> Response:
        dataset_id = (await request.json())["dataset"]["dataset_id"]
        del self._datasets[dataset_id]
        self._path(dataset_id).unlink(missing_ok=True)
        return JSONResponse({"dataset_id": dataset_id})

    async def begin(self, request: Request) -> Response:
        upload, size = uuid.uuid4().hex, int(request.query_params["file_size"])
        self._uploads[upload] = self._path(request.query_params["dataset_id"])
        count = max(size // PART_SIZE, 1)
        each = -(-size // count)
        urls = {str(n): f"{request.base_url}parts/{upload}/{n}?start={(n - 1) * each}" for n in range(1, count + 1)}
        return JSONResponse({"upload_id": upload, "content_type": "text/csv", "urls": urls})

    async def put(self, request: Request) -> Response:
        path = self._uploads[request.path_params["upload"]]
        path.touch()
        with path.open("r+b") as file:
            file.seek(int(request.query_params["start"]))
            block = bytearray()
            async for chunk in request.stream():
                block += chunk
                if len(block) >= _BLOCK:
                    await run_in_threadpool(file.write, block)
                    block = bytearray()
            await run_in_threadpool(file.write, block)
        return Response(headers={"ETag": f'"{request.path_params["number"]}"'})

    async def complete(self, request: Request) -> Response:
        dataset_id = (await request.json())["dataset"]["dataset_id"]
        self._datasets[dataset_id]["size"] = self._path(dataset_id).stat().st_size
        return JSONResponse({})

    async def confirm(self, request: Request) -> Response:
        return JSONResponse({"status": "SUCCESS"})

    async def log(self, request: Request) -> Response:
        # Later than the completion, by the clock of the released client.
        entry = {"status": "SUCCESS", "timestamp": str(int(time.time()) + 2), "job_type": "UPLOAD_DATASET"}
        return JSONResponse({"dataset_log": [entry]})

    async def offer(self, request: Request) -> Response:
        return JSONResponse(
            {"status": "SUCCESS", "url": f"{request.base_url}data/{request.query_params['dataset_id']}"}
        )

    async def data(self, request: Request) -> Response:
        return Bytes(self._path(request.path_params["dataset"]), media_type="text/csv")

    def _path(self, dataset_id: str) -> Path:
        return self._folder / f"{dataset_id}.csv"


async def serve(folder: Path) -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Server(folder).app(), log_level="warning", timeout_keep_alive=600)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await running


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
