"""A server that answers every request of the API in the agreed form, except where it is told to spoil an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

CSV = b"a,b\n1,x\n2,y\n"
STAMP = "1715274391"
TIMES = {"created_at": STAMP, "modified_at": STAMP}
NOWHERE = {"directory_id": "", "type": "", "name": ""}

APP = {"project_id": "A1", "name": "App", "owner": "bob@example.com", "description": "", "last_used_at": STAMP, **TIMES}
DATASET = {
    "project_id": "A1",
    "dataset_id": "D1",
    "name": "data",
    "filename": "data.csv",
    "file_extension": "csv",
    "data_types": {"a": {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}},
    "directory": NOWHERE,
    "size": str(len(CSV)),
    "agent_access": True,
    **TIMES,
}
DEFINITION = {
    "facets": [
        {"facet_id": "0", "facet_uid": "I_005", "name": "in", "arguments": {"dataset_id": "D1"}},
        {"facet_id": "1", "facet_uid": "O_005", "name": "out", "arguments": {"dataset_name": "result"}},
    ],
    "arrows": [{"source": "0", "destination": "1", "arguments": {}}],
    "variables": {"to": {"facet_name": "out", "name": "dataset_name"}},
    "model_variables": {},
}
FLOW = {
    "project_id": "A1",
    "pipeline_id": "F1",
    "name": "flow",
    "directory": NOWHERE,
    "definition": DEFINITION,
    "high_volume_preference": False,
    "agent_access": True,
    "schedule": {"name": "daily", "start_time": STAMP, "end_time": "", "cron": "15 3 * * *"},
    **TIMES,
}
RUN_LOG = {"status": "SUCCESS", "user": "bob@example.com", "erroneous_facet_id": "", "message": "", "timestamp": STAMP}
MODEL = {
    "project_id": "A1",
    "model_id": "M1",
    "name": "model",
    "latest_version_id": "V1",
    "directory": NOWHERE,
    "model_type": "Linear",
    "sub_model_type": "Lasso",
    "description": "",
    **TIMES,
}
MODEL_VERSION = {
    "version_id": "V1",
    "model_id": "M1",
    "version": "first",
    "hyperparameters": {"alpha": 1.0},
    "metrics": {"performance": {"r2": 0.5}},
    **TIMES,
}
ARGUMENT = {"name": "least", "type": "int", "value": "5"}
CUSTOM_FACET = {
    "custom_facet_id": "C1",
    "name": "facet",
    "chain_group": "MID",
    "facet_uid": "M_027",
    "description": "",
    "tags": [],
    "python_script": "result = data",
    "libraries": ["numpy"],
    "rootkit_token": "",
    "arguments": [ARGUMENT],
    **TIMES,
}
CUSTOM_FACET_VERSION = {
    "version": "first",
    "version_id": "W1",
    "custom_facet_id": "C1",
    "description": "",
    "arguments": [ARGUMENT],
    **TIMES,
}
DIRECTORY = {"directory_id": "K1", "name": "folder", "type": "DATASET", "project_id": "A1", "parent_id": ""}
COMPONENTS = {"datasets": [DATASET], "pipelines": [FLOW], "models": [], "charts": []}


def _argument(name: str, kind: str, **more: Any) -> dict[str, Any]:
    flags = dict.fromkeys(("have_sub_arguments", "is_deprecated", "is_hidden", "is_list", "is_required"), False)
    return {"name": name, "argument_type": kind, "default_value": None, "children": {}, **flags, **more}


def _facet(group: str, kind: str, uid: str, *arguments: dict[str, Any]) -> dict[str, Any]:
    counts = {"max_child_count": 9, "min_child_count": 0, "max_parent_count": 9, "min_parent_count": 0}
    return {
        "facet_info": {"chain_group": group, "facet_group": "ANY", "facet_type": kind, "facet_uid": uid},
        "is_deprecated": False,
        "is_hidden": False,
        "facet_keywords": [],
        "facet_requirement": counts,
        "facet_arguments": list(arguments),
        "in_arrow_arguments": [_argument("table_side", "TEXT", options=["top", "bottom"])],
        "out_arrow_arguments": [],
    }


_PART = _argument("part", "NUMBER")
FACET_SPECS = {
    "INPUT": {"FILE": {"IMPORTED": _facet("INPUT", "IMPORTED", "I_005", _argument("dataset_id", "TEXT"))}},
    "MID": {
        "ANY": {"CUSTOM_FACET": _facet("MID", "CUSTOM_FACET", "M_027", _argument("m", "MAP", children={"part": _PART}))}
    },
    "OUTPUT": {"FILE": {"EXPORTED": _facet("OUTPUT", "EXPORTED", "O_005", _argument("dataset_name", "TEXT"))}},
}
_FLAGS = {"is_deprecated": False, "is_hidden": False, "keywords": ["k"]}
_SETTING = {"name": "alpha", "default_value": 1, "options": [1, 2], "is_required": False, "is_list": False}
LASSO = {
    "name": "Lasso",
    **_FLAGS,
    "metrics": {"performance": {}},
    "parameters": {"alpha": {**_SETTING, "parameter_type": "NUMBER"}},
    "hyperparameters": {
        "alpha": {
            **_SETTING,
            "hyperparameter_type": "NUMBER",
            "hyperparameter_group": "g",
            "children": {},
            "sub_hyperparameter_requirements": [["a", ["b"]]],
        }
    },
}
MODEL_SPECS = {"0": {"name": "Linear", **_FLAGS, "sub_model_types": [LASSO]}}


def _many(key: str, record: dict[str, Any]) -> dict[str, Any]:
    return {key: [record], "limit_warning": ""}


def answers(url: str) -> dict[str, Any]:
    """The answer to each request of the API, by its path."""
    ids = {"project": "A1", "dataset": "D1", "pipeline": "F1", "model": "M1", "custom-facet": "C1"}
    changes = {
        f"/component/{verb}-{word}": {f"{word.replace('-', '_')}_id": id}
        for verb in ("create", "edit", "delete", "share", "unshare")
        for word, id in ids.items()
    }
    one = {"project": APP, "dataset": DATASET, "pipeline": FLOW, "model": MODEL}
    kinds = {"dataset": DATASET, "pipeline": FLOW, "model": MODEL}
    return {
        **changes,
        "/component/edit-custom-facet": {"custom_facet_id": "C1", "version_id": "W1", "limit_warning": ""},
        **{f"/component/get-{word}": {word: record} for word, record in one.items()},
        **{f"/component/get-{word}s-for-project": _many(f"{word}s", record) for word, record in kinds.items()},
        **{f"/search/search-{word}s-for-project": _many(f"{word}s", record) for word, record in kinds.items()},
        **{f"/component/get-{word}-directories-for-project": {"directories": [DIRECTORY]} for word in kinds},
        "/component/get-projects-for-user": _many("projects", APP),
        "/search/search-projects-for-user": _many("projects", APP),
        "/component/get-project-directories-for-user": {"directories": [DIRECTORY]},
        "/component/get-components-for-project": {"project_components": {"A1": COMPONENTS}},
        "/component/edit-project-access-level-for-user": {"project_id": "A1"},
        "/component/create-dataset-directory": {"directory_id": "K1"},
        "/component/get-dataset-directory": {"directory": DIRECTORY},
        "/component/get-dataset-multipart-upload-urls": {
            "upload_id": "U1",
            "content_type": "text/csv",
            "urls": {"1": f"{url}/part?signature=s", "2": f"{url}/part?signature=s"},
        },
        "/component/complete-dataset-multipart-upload": {},
        "/component/verify-dataset-upload": {},
        "/component/confirm-dataset-upload": {"status": "SUCCESS"},
        "/component/get-dataset-log": {"dataset_log": [{"status": "SUCCESS", "timestamp": STAMP, "job_type": "J"}]},
        "/component/get-dataset-download-url": {"status": "SUCCESS", "url": f"{url}/data?signature=s"},
        "/component/run-pipeline": {"pipeline_id": "F1"},
        "/component/is-pipeline-running": {"status": False, "progress": {"status": "IDLE", "message": ""}},
        "/component/get-pipeline-log": {"pipeline_log": [{"log_id": "L1", **RUN_LOG}]},
        "/component/get-model-version": {"model_version": MODEL_VERSION},
        "/component/get-model-versions": {"versions": [MODEL_VERSION]},
        "/component/get-custom-facet": {"custom_facet": CUSTOM_FACET},
        "/component/get-custom-facets-for-user": {"custom_facets": [CUSTOM_FACET]},
        "/search/search-custom-facets-for-user": {"custom_facets": [CUSTOM_FACET]},
        "/component/get-version-for-custom-facet": {"custom_facet_version": CUSTOM_FACET_VERSION},
        "/component/get-versions-for-custom-facet": _many("custom_facet_versions", CUSTOM_FACET_VERSION),
        "/component/share-custom-facet": {"custom_facet_id": "C1"},
        "/component/edit-custom-facet-access-level": {"custom_facet_id": "C1"},
        "/component/get-facet-specs": FACET_SPECS,
        "/component/get-model-specs": MODEL_SPECS,
    }


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Spoil = Callable[[Reply], Reply]


class CannedPlatform:
    """The server. The log of a dataset or a flow has one more entry after each upload or start."""

    def __init__(self) -> None:
        owner = self
        self._spoilt: tuple[str, Spoil] | None = None
        self._news = 0
        self.asked: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 1 << 16

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                reply = owner._reply(urlsplit(self.path).path)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
                if "Content-Length" in reply.headers:
                    self.close_connection = True

            do_POST = do_PUT = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._answers = answers(self.url)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def paths(self) -> list[str]:
        """All paths that can be spoilt, those of the storage too."""
        return [*self._answers, "/part", "/data"]

    def spoil(self, path: str | None, how: Spoil | None = None) -> None:
        """Spoil the answers to a path from now on; None spoils none."""
        self._spoilt = None if path is None or how is None else (path, how)
        self.asked.clear()
        self._news = 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _reply(self, path: str) -> Reply:
        self.asked.add(path)
        reply = self._agreed(path)
        if self._spoilt is not None and self._spoilt[0] == path:
            return self._spoilt[1](reply)
        return reply

    def _agreed(self, path: str) -> Reply:
        if path == "/part":
            return Reply(headers={"ETag": '"e"'})
        if path == "/data":
            total = len(CSV)
            return Reply(206, {"Content-Range": f"bytes 0-{total - 1}/{total}", "ETag": '"e"'}, CSV)
        if path in ("/component/verify-dataset-upload", "/component/run-pipeline"):
            self._news += 1
        if path not in self._answers:
            return Reply(404, body=b'{"message": "no such endpoint"}')
        answer = self._answers[path]
        if path == "/component/get-pipeline-log":
            answer = {"pipeline_log": [{"log_id": f"L{n}", **RUN_LOG} for n in range(self._news, -1, -1)]}
        if path == "/component/get-dataset-log":
            entry = answer["dataset_log"][0]
            answer = {"dataset_log": [{**entry, "timestamp": str(int(STAMP) + n)} for n in range(self._news, -1, -1)]}
        return Reply(headers={"Content-Type": "application/json"}, body=json.dumps(answer).encode())
