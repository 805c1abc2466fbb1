"""What cannot be served is refused with a 4xx and a message that names the field; never a 500, never a hang."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

GOOD_FLOW: dict[str, Any] = {"project_id": "x", "name": "y", "definition": {"facets": [], "arrows": []}}

BODIES: list[tuple[str, Any, str]] = [
    ("create-project", {}, "project"),
    ("create-project", [], "body"),
    ("create-project", {"project": {"description": "no name"}}, "project.name"),
    ("create-project", {"project": {"name": 7}}, "project.name"),
    ("create-project", {"project": {"name": " "}}, "project.name"),
    ("create-project", {"project": {"name": "x", "directory": "root"}}, "project.directory"),
    ("create-project", {"project": {"name": "x", "directory": {"directory_id": "nowhere"}}}, "project.directory"),
    ("create-project", {"project": {"name": "x", "descripton": "misspelt"}}, "project.descripton"),
    ("create-project", {"project": {"name": "x"}, "user": "me"}, "user"),
    ("create-dataset", {"dataset": {"name": "x"}}, "dataset.project_id"),
    ("create-dataset", {"dataset": {"project_id": "x", "name": "x", "agent_access": "yes"}}, "dataset.agent_access"),
    ("create-pipeline", {"pipeline": {"project_id": "x", "name": "y"}}, "pipeline.definition"),
    ("create-pipeline", {"pipeline": GOOD_FLOW | {"definition": []}}, "pipeline.definition"),
    ("create-pipeline", {"pipeline": GOOD_FLOW | {"definition": {"facets": {}}}}, "definition.facets"),
    ("create-pipeline", {"pipeline": GOOD_FLOW | {"definition": {"facets": [{}]}}}, "facets.0.facet_id"),
    ("create-pipeline", {"pipeline": GOOD_FLOW | {"definition": {"arrows": [{"source": 1}]}}}, "arrows.0.source"),
    ("create-pipeline", {"pipeline": GOOD_FLOW | {"definition": {"variables": {"v": 1}}}}, "variables.v"),
    ("create-pipeline", {"pipeline": GOOD_FLOW | {"schedule": "0 0 * * *"}}, "pipeline.schedule"),
    ("run-pipeline", {"pipeline": {"project_id": "x", "pipeline_id": "y"}, "variables": {"v": 1}}, "variables.v"),
    ("share-project", {"project": {"project_id": "x"}, "user": {"email": "me"}}, "user.email"),
    (
        "share-project",
        {"project": {"project_id": "x"}, "user": {"email": "a@example.com", "project_access_level": "KING"}},
        "user.project_access_level",
    ),
    ("create-model", {"model": {"project_id": "x", "name": "y", "sub_model_type": "z"}}, "model.model_type"),
]


@pytest.mark.parametrize(("path", "body", "field"), BODIES)
def test_a_bad_body_is_refused_by_the_fields_name(api: Any, path: str, body: Any, field: str) -> None:
    answer = api.post(f"/component/{path}", body)
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "body"),
        ("{", "body"),
        ("\x00", "body"),
        ("[" * 100_000, "body"),
        ('{"project": {"name": "x", "description": ' + "9" * 10_000 + "}}", "body"),
        ('{"a":' * 150 + "1" + "}" * 150, "levels deep"),
        ('{"project": {"name": "x", "description": NaN}}', "finite"),
        ('{"project": {"name": "x", "description": 1e999}}', "finite"),
        ('{"project": {"name": "\\ud800"}}', "surrogates"),
        ('{"project": {"\\ud800": 1}}', "surrogates"),
    ],
)
def test_text_that_is_not_proper_json_is_refused(api: Any, text: str, says: str) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{api.platform.url}/component/create-project"
    answer = api.session.post(url, data=text.encode(), headers=headers, timeout=30)
    assert answer.status_code == 400
    assert says in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("get-pipeline-log", {"project_id": "x", "pipeline_id": "y", "limit": "-1"}, "limit"),
        ("get-pipeline-log", {"project_id": "x", "pipeline_id": "y", "limit": "many"}, "limit"),
        ("get-pipeline-log", {"pipeline_id": "y"}, "project_id"),
        ("get-datasets-for-project", {"project_id": "x", "fetch_all": "perhaps"}, "fetch_all"),
        ("get-dataset-multipart-upload-urls", {"project_id": "x", "dataset_id": "y", "file_size": "0"}, "file_size"),
        ("get-dataset-multipart-upload-urls", {"project_id": "x", "dataset_id": "y", "file_size": "1"}, "filename"),
        ("get-pipeline", {"name": "y"}, "project_id"),
        ("get-pipeline", {"project_id": "x"}, "pipeline_id"),
        ("get-project", {}, "project_id"),
        ("get-project", {"nam": "x"}, "nam"),
        ("get-project", {"name": ["x", "y"]}, "name"),
        ("get-dataset", {"project_id": "x"}, "dataset_id"),
        ("get-model", {"project_id": "x"}, "model_id"),
    ],
)
def test_a_bad_query_is_refused_by_the_fields_name(api: Any, path: str, query: dict[str, Any], field: str) -> None:
    answer = api.get(f"/component/{path}", **query)
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.parametrize("value", ["", "x", "\x00", "é", "' OR 1=1 --", "../../etc/passwd", "%", "9" * 2000])
@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("get-project", "project_id"),
        ("get-components-for-project", "project_id"),
        ("get-dataset", "project_id dataset_id"),
        ("get-dataset-log", "project_id dataset_id"),
        ("get-dataset-download-url", "project_id dataset_id"),
        ("confirm-dataset-upload", "project_id dataset_id"),
        ("get-pipeline", "pipeline_id"),
        ("is-pipeline-running", "project_id pipeline_id"),
        ("get-model", "project_id model_id"),
        ("get-model-version", "project_id version_id"),
        ("get-dataset-directory", "project_id directory_id"),
    ],
)
def test_ids_that_nothing_has_are_a_404(api: Any, path: str, ids: str, value: str) -> None:
    answer = api.get(f"/component/{path}", **dict.fromkeys(ids.split(), value))
    assert answer.status_code == 404
    assert "was not found" in answer.json()["message"]


def test_text_with_every_character_comes_back_as_it_was(api: Any) -> None:
    text = "".join(map(chr, [*range(1, 0x2000, 7), 0x1F600, 0]))
    app_id = api.app(description=text)
    assert api.ask("get-project", project_id=app_id)["project"]["description"] == text
    api.tell("delete-project", {"project": {"project_id": app_id}})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_refused(api: Any, method: str) -> None:
    answer = api.session.request(method, f"{api.platform.url}/component/get-project", timeout=30)
    assert answer.status_code == 405
    assert method in answer.json()["message"]


@pytest.mark.parametrize(
    "request_text",
    [
        b"\x16\x03\x01\x02\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /component/create-project HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nuser: \xff\r\napi-key: \xff\r\nConnection: close\r\n\r\n",
        b"PUT /_data/uploads/x/1?expires=%ff&signature=%ff HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n",
        b"GET /_data/datasets/x/y?expires=nan HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_hardly_http_is_refused_too(api: Any, request_text: bytes) -> None:
    address = urlsplit(api.platform.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 30) as connection:
        connection.sendall(request_text)
        status = connection.makefile("rb").readline().split()[1]
    assert 400 <= int(status) < 500
