"""A real local platform in a process of its own, and a plain HTTP hand to reach it with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from ikigai_core.local.process import LocalPlatform

_PATIENCE = 60.0

SLOW_SCRIPT = "import time\ntime.sleep(60)\nresult = data"


class Api:
    """Sends what clients send, and does the steps that take several calls."""

    def __init__(self, platform: LocalPlatform, user_email: str | None = None) -> None:
        self.platform = platform
        self.session = requests.Session()
        environment = platform.environ(user_email)
        credentials = {"user": environment["IKIGAI_USER_EMAIL"], "api-key": environment["IKIGAI_API_KEY"]}
        self.session.headers.update(credentials)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.platform.url + path, params=query, timeout=_PATIENCE)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.session.post(self.platform.url + path, json=body, timeout=_PATIENCE)

    def ask(self, path: str, **query: Any) -> Any:
        """GET a component path; return what a success answers."""
        return _answer(self.get(path if path.startswith("/") else f"/component/{path}", **query))

    def tell(self, path: str, body: Any) -> Any:
        """POST to a component path; return what a success answers."""
        return _answer(self.post(path if path.startswith("/") else f"/component/{path}", body))

    def app(self, name: str = "An app", **fields: Any) -> str:
        return str(self.tell("create-project", {"project": {"name": name, **fields}})["project_id"])

    def dataset(self, app_id: str, name: str = "rows", content: bytes = b"a,b\n1,x\n2,y\n") -> str:
        """Create a dataset and upload its data."""
        new = {"project_id": app_id, "name": name, "directory": {}}
        dataset_id = str(self.tell("create-dataset", {"dataset": new})["dataset_id"])
        assert self.upload(app_id, dataset_id, f"{name}.csv", content) == "SUCCESS"
        return dataset_id

    def upload(self, app_id: str, dataset_id: str, filename: str, content: bytes) -> str:
        """Upload data to a dataset as clients do; return the verdict."""
        begun = self.begin_upload(app_id, dataset_id, filename, len(content))
        etags = self.put_parts(begun, content)
        self.complete(app_id, dataset_id, filename, begun["upload_id"], etags).raise_for_status()
        return self.verdict(app_id, dataset_id, filename)

    def begin_upload(self, app_id: str, dataset_id: str, filename: str, size: int) -> Any:
        place = {"project_id": app_id, "dataset_id": dataset_id, "filename": filename, "file_size": size}
        return self.ask("get-dataset-multipart-upload-urls", **place)

    def put_parts(self, begun: Any, content: bytes) -> dict[str, str]:
        """Put the parts of an upload, cut evenly; return their ETags."""
        size = -(-len(content) // len(begun["urls"]))
        etags = {}
        for number, url in begun["urls"].items():
            start = (int(number) - 1) * size
            etags[number] = self.put(url, content[start : start + size]).headers["ETag"]
        return etags

    def put(self, url: str, content: Any) -> requests.Response:
        """Put a part, without credentials."""
        headers = {"Content-Type": "text/csv", "Cache-Control": "no-cache"}
        return requests.put(url, data=content, headers=headers, timeout=_PATIENCE)

    def complete(
        self, app_id: str, dataset_id: str, filename: str, upload_id: str, etags: dict[str, str]
    ) -> requests.Response:
        dataset = {"project_id": app_id, "dataset_id": dataset_id, "filename": filename}
        body = {"abort": False, "dataset": dataset, "upload_id": upload_id, "etags": etags}
        return self.post("/component/complete-dataset-multipart-upload", body)

    def abort(self, app_id: str, dataset_id: str, filename: str, upload_id: str) -> requests.Response:
        dataset = {"project_id": app_id, "dataset_id": dataset_id, "filename": filename}
        body = {"abort": True, "dataset": dataset, "upload_id": upload_id}
        return self.post("/component/complete-dataset-multipart-upload", body)

    def verdict(self, app_id: str, dataset_id: str, filename: str) -> str:
        """Have the last upload checked; return how it went."""
        self.ask("verify-dataset-upload", project_id=app_id, dataset_id=dataset_id, filename=filename)

        def confirmed() -> str:
            status = self.ask("confirm-dataset-upload", project_id=app_id, dataset_id=dataset_id)["status"]
            return "" if status == "RUNNING" else status

        return str(wait_for(confirmed))

    def download_url(self, app_id: str, dataset_id: str) -> str:
        """Return the URL of a dataset's data, once it is ready."""

        def url() -> str:
            answer = self.ask("get-dataset-download-url", project_id=app_id, dataset_id=dataset_id)
            assert answer["status"] != "FAILED"
            return str(answer.get("url", ""))

        return str(wait_for(url))

    def download(self, app_id: str, dataset_id: str) -> bytes:
        """Return a dataset's data."""
        answer = requests.get(self.download_url(app_id, dataset_id), timeout=_PATIENCE)
        answer.raise_for_status()
        return answer.content

    def flow(self, app_id: str, definition: Any, name: str = "A flow", **fields: Any) -> str:
        new = {"project_id": app_id, "name": name, "directory": {}, "high_volume_preference": False, "schedule": None}
        body = {"pipeline": {**new, "definition": definition, **fields}}
        return str(self.tell("create-pipeline", body)["pipeline_id"])

    def start(self, app_id: str, flow_id: str, **variables: Any) -> requests.Response:
        body: dict[str, Any] = {"pipeline": {"project_id": app_id, "pipeline_id": flow_id}}
        if variables:
            body["variables"] = {name: {"value": value} for name, value in variables.items()}
        return self.post("/component/run-pipeline", body)

    def status(self, app_id: str, flow_id: str) -> Any:
        return self.ask("is-pipeline-running", project_id=app_id, pipeline_id=flow_id)

    def logs(self, app_id: str, flow_id: str, limit: int = 10) -> list[Any]:
        answer = self.ask("get-pipeline-log", project_id=app_id, pipeline_id=flow_id, limit=limit)
        return list(answer["pipeline_log"])

    def wait(self, app_id: str, flow_id: str) -> Any:
        """Wait until a flow is idle; return its newest log."""
        wait_for(lambda: self.status(app_id, flow_id)["status"] is False)
        return self.logs(app_id, flow_id, 1)[0]

    def run(self, app_id: str, flow_id: str, **variables: Any) -> Any:
        """Run a flow to its end; return the log of it."""
        self.start(app_id, flow_id, **variables).raise_for_status()
        return self.wait(app_id, flow_id)

    def named(self, app_id: str, name: str) -> Any:
        """Return the dataset of this name."""
        return self.ask("get-dataset", project_id=app_id, name=name)["dataset"]


def wait_for(condition: Callable[[], Any], seconds: float = _PATIENCE) -> Any:
    """Return what the condition gives once it is true."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        if found := condition():
            return found
        # The longer it takes, the less does a tenth matter.
        time.sleep(min(0.02 + waited / 10, 0.2))
    raise AssertionError(f"not so after {seconds} s")


def _answer(response: requests.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def chain(dataset_id: str, *middle: tuple[str, dict[str, Any]], output: str = "out", **more: Any) -> dict[str, Any]:
    """Return a definition: the dataset, the facets between (uid, arguments), an output dataset."""
    source = {"dataset_id": dataset_id, "file_type": "csv", "header": True, "use_raw_file": False}
    sink = {"dataset_name": output, "file_type": "csv", "header": True}
    steps = [("I_005", source), *middle, ("O_005", sink)]
    names = ["input", *(f"step {number}" for number in range(1, len(middle) + 1)), "output"]
    return {
        "facets": [
            {"facet_id": f"id of {name}", "facet_uid": uid, "name": name, "arguments": arguments}
            for name, (uid, arguments) in zip(names, steps, strict=True)
        ],
        "arrows": [
            {"source": f"id of {before}", "destination": f"id of {after}", "arguments": {}}
            for before, after in zip(names, names[1:], strict=False)
        ],
        "variables": {},
        "model_variables": {},
        **more,
    }


@pytest.fixture
def api(ikigai_local_server: LocalPlatform) -> Api:
    return Api(ikigai_local_server)


@pytest.fixture
def app_id(api: Api) -> Iterator[str]:
    """An app of the test's own."""
    created = api.app()
    yield created
    api.post("/component/delete-project", {"project": {"project_id": created}})


@pytest.fixture
def connect() -> Callable[..., Api]:
    """Reach a platform of the test's own, as its user or as another."""
    return Api


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for a condition."""
    return wait_for


@pytest.fixture
def definition() -> Callable[..., dict[str, Any]]:
    """Make a definition that is a chain of facets."""
    return chain


@pytest.fixture
def python_uid(api: Api) -> str:
    """The uid of the Python facet in the middle of flows."""
    for group in api.ask("get-facet-specs")["MID"].values():
        if "PYTHON" in group:
            return str(group["PYTHON"]["facet_info"]["facet_uid"])
    raise AssertionError("no Python facet")


@pytest.fixture
def slow(python_uid: str) -> tuple[str, dict[str, Any]]:
    """A facet that takes a minute."""
    return python_uid, {"script": SLOW_SCRIPT}
