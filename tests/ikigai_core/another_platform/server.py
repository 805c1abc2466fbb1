"""The second platform's API."""

from __future__ import annotations

import copy
import json
import threading
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .engine import Engine, FacetError
from .specs import FACETS, MODELS, UIDS
from .store import AT_MOST, Record, RefusalError, Run, Store, Upload, new_id, now, shown

KINDS = ("project", "dataset", "pipeline", "model")
LAG = 0.15
"""Seconds by which statuses and logs are late."""


class AnotherPlatform:
    """The platform on a free port, in threads of this process.

    Attributes
    ----------
    users : dict of str to str
        Keys by email address.
    """

    def __init__(self, *users: str) -> None:
        self.users = {user: f"key-of-{user}" for user in users}
        self.store = Store()
        self._lost: list[str] = []
        platform = self

        class Handler(_Handler):
            home = platform

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def lose(self, operation: str) -> None:
        """Let the next answer to an operation get lost."""
        self._lost.append(operation)

    def is_lost(self, operation: str) -> bool:
        if operation in self._lost:
            self._lost.remove(operation)
            return True
        return False

    def answer(self, operation: str, user: str, given: Record) -> Any:
        with self.store.lock:
            return _Request(self.store, user, self.url).answer(operation, given)


class _Request:
    """One request of a user."""

    def __init__(self, store: Store, user: str, url: str) -> None:
        self._store = store
        self._user = user
        self._url = url

    def answer(self, operation: str, given: Record) -> Any:
        special: Callable[[Record], Any] | None = getattr(self, "_" + operation.replace("-", "_"), None)
        if special is not None:
            return special(given)
        verb, _, rest = operation.partition("-")
        if verb == "search":
            return self._listed(rest.split("s-for-")[0], given, given["query"])
        if rest.endswith("-directory"):
            return self._directory(verb, rest.removesuffix("-directory"), given)
        if "-directories-for-" in rest:
            return self._directories(rest.split("-directories-for-")[0], given)
        if verb == "get" and "s-for-" in rest:
            return self._listed(rest.split("s-for-")[0], given)
        if rest in KINDS:
            return getattr(self, f"_{verb}_any")(rest, given)
        raise RefusalError(404, f"no operation {operation}")

    # -- components ---------------------------------------------------------------------------------------------------

    def _create_any(self, kind: str, given: Record) -> Record:
        record = {name: value for name, value in given[kind].items() if value is not None}
        if kind != "project":
            self._check_may_build(record["project_id"])
        if kind == "pipeline":
            self._check_definition(record["definition"])
        defaults = {"agent_access": False, "size": 0, "file_extension": "csv", "data_types": {}, "owner": self._user}
        component_id = self._store.add(kind, {**defaults, "latest_version_id": "", **record})
        if kind == "project":
            self._store.access[component_id] = {self._user: "OWNER"}
        return {f"{kind}_id": component_id}

    def _get_any(self, kind: str, given: Record) -> Record:
        component_id = given.get(f"{kind}_id")
        if component_id is None or (kind != "project" and "name" in given):
            return {kind: self._store.named(kind, given["name"], given.get("project_id"), self._user)}
        record = self._store.get(kind, component_id)
        if self._user not in self._store.access[record["project_id"]]:
            raise RefusalError(404, "not for you")
        return {kind: record}

    def _edit_any(self, kind: str, given: Record) -> Record:
        changes = given[kind]
        if kind == "pipeline" and "definition" in changes:
            self._check_definition(changes["definition"])
        self._store.edit(kind, changes[f"{kind}_id"], changes)
        return {f"{kind}_id": changes[f"{kind}_id"]}

    def _delete_any(self, kind: str, given: Record) -> Record:
        self._store.delete(kind, given[kind][f"{kind}_id"])
        return {f"{kind}_id": given[kind][f"{kind}_id"]}

    def _listed(self, kind: str, given: Record, query: str = "") -> Record:
        found = self._store.visible(kind, given.get("project_id"), self._user)
        found = [each for each in found if query.casefold() in each["name"].casefold()]
        if "directory_id" in given:
            wanted = given["directory_id"]
            found = [each for each in found if (each.get("directory") or {}).get("directory_id", "") == wanted]
        warning = f"only {AT_MOST} of {len(found)} are shown" if len(found) > AT_MOST else ""
        return {f"{kind}s": found[:AT_MOST], "limit_warning": warning}

    def _directory(self, verb: str, kind: str, given: Record) -> Record:
        if verb == "create":
            record = {**given["directory"], "type": kind.upper(), "size": 0}
            return {"directory_id": self._store.add("directory", record)}
        return {"directory": self._store.get("directory", given["directory_id"])}

    def _directories(self, kind: str, given: Record) -> Record:
        every = self._store.components["directory"].values()
        wanted = [each for each in every if each["type"] == kind.upper()]
        return {"directories": [each for each in wanted if each.get("project_id") == given.get("project_id")]}

    def _get_components_for_project(self, given: Record) -> Record:
        app_id = given["project_id"]
        lists = {f"{kind}s": self._store.visible(kind, app_id, self._user) for kind in KINDS[1:]}
        return {"project_components": {app_id: lists}}

    def _get_facet_specs(self, given: Record) -> Record:
        return FACETS

    def _get_model_specs(self, given: Record) -> Record:
        return MODELS

    # -- access -------------------------------------------------------------------------------------------------------

    def _share_project(self, given: Record) -> Record:
        self._store.access[given["project"]["project_id"]][given["user"]["email"]] = given["user"][
            "project_access_level"
        ]
        return given["project"]

    _edit_project_access_level_for_user = _share_project

    def _unshare_project(self, given: Record) -> Record:
        access = self._store.access[given["project"]["project_id"]]
        if access.pop(given["user"]["email"], None) is None:
            raise RefusalError(400, "this user has no access")
        return given["project"]

    def _check_may_build(self, app_id: str) -> None:
        if self._store.access.get(app_id, {}).get(self._user) not in ("OWNER", "BUILDER"):
            raise RefusalError(403, "builders only")

    # -- data ---------------------------------------------------------------------------------------------------------

    def _get_dataset_multipart_upload_urls(self, given: Record) -> Record:
        upload_id, parts = new_id(), min(2, int(given["file_size"]))
        self._store.uploads[upload_id] = Upload(given["dataset_id"], parts)
        urls = {str(number): f"{self._url}/up/{upload_id}/{number}?sig=a%2Fb" for number in range(parts, 0, -1)}
        return {"urls": urls, "content_type": "application/octet-stream", "upload_id": upload_id}

    def _complete_dataset_multipart_upload(self, given: Record) -> Record:
        upload = self._store.uploads.pop(given["upload_id"], None)
        if upload is None:
            raise RefusalError(404, "no upload")
        if not given["abort"]:
            parts = [upload.arrived[number] for number in range(1, upload.parts + 1)]
            assert given["etags"] == {str(n): f"{zlib.crc32(part)}-{n}" for n, part in enumerate(parts, 1)}
            self._store.data[upload.dataset_id] = b"".join(parts)
            self._store.checks[upload.dataset_id] = -1
        return {}

    def _verify_dataset_upload(self, given: Record) -> Record:
        if self._store.checks.get(given["dataset_id"]) != -1:
            raise RefusalError(400, "there is nothing to check")
        self._store.checks[given["dataset_id"]] = 1
        data = self._store.data[given["dataset_id"]]
        header = data.split(b"\n", 1)[0].decode().split(",")
        types = {name: {"data_formats": {}, "data_type": "TEXT"} for name in header}
        changes = {"size": len(data), "filename": given["filename"], "data_types": types}
        self._store.edit("dataset", given["dataset_id"], changes)
        self._store.log_dataset(given["dataset_id"], "SUCCESS", 3 * LAG)
        return {}

    def _confirm_dataset_upload(self, given: Record) -> Record:
        left = self._store.checks[given["dataset_id"]]
        self._store.checks[given["dataset_id"]] = max(left - 1, 0)
        return {"status": "RUNNING" if left else "SUCCESS", "checked": [given["dataset_id"]]}

    def _get_dataset_log(self, given: Record) -> Record:
        entries = self._store.dataset_logs.get(given["dataset_id"], [])
        known = [entry for at, entry in entries if time.monotonic() >= at]
        return {"dataset_log": known[: int(given["limit"])]}

    def _get_dataset_download_url(self, given: Record) -> Record:
        if given["dataset_id"] not in self._store.first_downloads:
            self._store.first_downloads.add(given["dataset_id"])
            return {"status": "IN_PROGRESS"}
        return {"url": f"{self._url}/down/{given['dataset_id']}?sig=a%2Fb", "status": "SUCCESS"}

    # -- runs ---------------------------------------------------------------------------------------------------------

    def _check_definition(self, definition: Record) -> None:
        for facet in definition.get("facets", []):
            if facet["facet_uid"] not in UIDS:
                raise RefusalError(400, f"facet {facet['facet_uid']} does not exist")

    def _run_pipeline(self, given: Record) -> Record:
        flow = self._store.get("pipeline", given["pipeline"]["pipeline_id"])
        log = {"timestamp": now(), "message": "", "erroneous_facet_id": "", "user": self._user, "status": "SUCCESS"}
        log["log_id"] = new_id()
        definition = copy.deepcopy(flow["definition"])
        try:
            if definition.get("facets") or given.get("variables"):
                self._engine(flow["project_id"]).run(definition, given.get("variables", {}))
        except FacetError as error:
            log |= {"status": "FAILED", "message": str(error), "erroneous_facet_id": error.facet_id}
        began = time.monotonic()
        told = ("RUNNING", "SCHEDULED", "UNKNOWN", "RUNNING", "IDLE")
        stages = [(began + LAG * number, status) for number, status in enumerate(told, 1)]
        # A run of a flow that runs already goes on beside it.
        self._store.runs.setdefault(flow["pipeline_id"], []).insert(0, Run(stages, log, stages[-1][0] + LAG))
        return {"pipeline_id": flow["pipeline_id"]}

    def _is_pipeline_running(self, given: Record) -> Record:
        runs = self._store.runs.get(given["pipeline_id"], [])
        status = next((run.status() for run in runs if run.status() != "IDLE"), "IDLE")
        if status == "IDLE":
            return {"progress": {}, "status": False}
        return {"progress": {"message": "", "status": status}, "status": True}

    def _get_pipeline_log(self, given: Record) -> Record:
        runs = self._store.runs.get(given["pipeline_id"], [])
        known = [run.log for run in runs if time.monotonic() >= run.log_at]
        return {"pipeline_log": known[: int(given["limit"])]}

    def _engine(self, app_id: str) -> Engine:
        store = self._store

        def write(name: str, data: bytes) -> None:
            known = [each for each in store.visible("dataset", app_id, self._user) if each["name"] == name]
            record = {"project_id": app_id, "name": name, "directory": {}, "agent_access": False, "data_types": {}}
            dataset_id = known[0]["dataset_id"] if known else store.add("dataset", record)
            store.data[dataset_id] = data
            store.edit("dataset", dataset_id, {"size": len(data)})
            store.first_downloads.discard(dataset_id)

        def train(name: str, version: str, hyperparameters: Record) -> None:
            model = store.named("model", name, app_id, self._user)
            metrics = {"performance": {"r2": 1.0}, "feature_importance": {}}
            record = {"version": version, "hyperparameters": hyperparameters, "metrics": metrics}
            ids = {"model_id": model["model_id"], "project_id": app_id}
            version_id = store.add("model_version", {**record, **ids})
            store.components["model_version"][version_id]["version_id"] = version_id
            store.edit("model", model["model_id"], {"latest_version_id": version_id})

        return Engine(store.data.__getitem__, write, train)

    def _get_model_versions(self, given: Record) -> Record:
        every = self._store.components["model_version"].values()
        return {"versions": [each for each in every if each["model_id"] == given["model_id"]]}

    def _get_model_version(self, given: Record) -> Record:
        return {"model_version": self._store.get("model_version", given["version_id"])}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    home: AnotherPlatform

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/down/"):
            self._send(200, self.home.store.data[unquote(url.path.split("/")[2])], "application/octet-stream")
        else:
            self._perform(url.path, {name: values[0] for name, values in parse_qs(url.query, True).items()})

    def do_POST(self) -> None:
        self._perform(urlsplit(self.path).path, json.loads(self._body()))

    def do_PUT(self) -> None:
        _, _, upload_id, number = urlsplit(self.path).path.split("/")
        part = self._body()
        self.home.store.uploads[upload_id].arrived[int(number)] = part
        self._send(200, b"", "text/plain", ETag=f"{zlib.crc32(part)}-{number}")

    def _perform(self, path: str, given: Record) -> None:
        operation, user = path.rsplit("/", 1)[1], self.headers.get("user") or ""
        if self.home.users.get(user) != self.headers.get("api-key"):
            self._send(401, b'{"detail": "who are you?"}', "application/json")
            return
        try:
            status, answer = 200, shown(self.home.answer(operation, user, given))
        except RefusalError as error:
            status, answer = error.status, {"error": {"text": str(error)}, "detail": str(error)}
        if self.home.is_lost(operation):
            self.close_connection = True
            return
        self._send(status, json.dumps(answer).encode(), "application/json; charset=utf-8")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
