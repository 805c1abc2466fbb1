"""Code written for the released client runs with ours after changing one import, and sends the same."""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ikigai as released
import pandas as pd
import pytest
import requests

import ikigai_core as ours
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

FRAME = pd.DataFrame({"name": ["Alice", "Bob"], "age": [25, 30]})
SCRIPT = """
    result = data.assign(age=data["age"] + years)
    if loud:
        result["note"] = note
"""
_ID = re.compile(r"\b[0-9A-Za-z]{27}\b")
_CREDENTIALS = ("user", "api-key", "authorization")


@dataclass(frozen=True)
class Request:
    """What one request says; ids are numbered in the order in which they occur, times are left out."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: str
    credentials: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether it changes something on the platform."""
        return self.method != "GET"

    @property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        """The path and the names of the parameters."""
        return self.path, tuple(name for name, _ in self.query)


class Recorder:
    """Forwards requests to a platform and keeps them."""

    def __init__(self, target: str) -> None:
        self._requests: list[Request] = []
        self._numbers: dict[str, str] = {}
        session = requests.Session()
        session.trust_env = False
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder._note(self.command, self.path, dict(self.headers), body)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
                answer = session.request(
                    self.command, f"{target}{self.path}", data=body or None, headers=headers, allow_redirects=False
                )
                self.send_response(answer.status_code)
                for name in ("Content-Type", "ETag"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = forward

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def record(self, step: Callable[[], Any]) -> list[Request]:
        """What is sent while a step is taken."""
        self._requests.clear()
        step()
        return list(self._requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _note(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(path)
        signed = not parts.path.startswith(("/component/", "/search/", "/access/"))
        query = () if signed else tuple(sorted((name, self._plain(value)) for name, value in parse_qsl(parts.query)))
        credentials = tuple(sorted(name.lower() for name in headers if name.lower() in _CREDENTIALS))
        request = Request(method, "signed" if signed else parts.path, query, self._said(body), credentials)
        self._requests.append(request)

    def _said(self, body: bytes) -> str:
        try:
            content = json.loads(body)
        except ValueError:
            return self._plain(body.decode("utf-8", "replace"))
        return self._plain(json.dumps(_without_times(content), sort_keys=True))

    def _plain(self, text: str) -> str:
        def number(found: re.Match[str]) -> str:
            return self._numbers.setdefault(found.group(), f"<id {len(self._numbers)}>")

        return _ID.sub(number, text)


def _without_times(content: Any) -> Any:
    if isinstance(content, dict):
        return {
            key: "<time>"
            if key in ("start_time", "end_time") and str(value).isdigit() and len(str(value)) > 5
            else _without_times(value)
            for key, value in content.items()
        }
    return [_without_times(item) for item in content] if isinstance(content, list) else content


class Walk:
    """The same code for both clients: only the module that `Ikigai` comes from differs."""

    def __init__(self, client: ModuleType, account: LocalAccount, url: str) -> None:
        self.client = client
        self.told: list[Any] = []
        self.ikigai = client.Ikigai(user_email=account.user_email, api_key=account.api_key, base_url=url)

    def app(self) -> None:
        self.app = self.ikigai.app.new(name="Walk").description("a walk").build()

    def app_in_directory(self) -> None:
        directory = self.ikigai.app_directory.new("Walks").build()
        app = self.ikigai.app.new(name="Second walk").directory(directory).build()
        app.rename("Another walk").update_description("elsewhere").move(directory).delete()

    def listings(self) -> None:
        self.ikigai.apps()
        self.ikigai.apps.search("Walk")
        self.ikigai.apps["Walk"].describe()
        self.ikigai.app_directories()

    def directories(self) -> None:
        outer = self.ikigai.app_directory.new("outer").build()
        inner = self.ikigai.app_directory.new("inner").parent(outer).build()
        app = self.ikigai.app.new("Inside").directory(inner).build()
        assert list(outer.directories()) == ["inner"]
        assert list(inner.apps()) == ["Inside"]
        for builder in (app.dataset_directory, app.flow_directory, app.model_directory):
            top = builder.new("top").build()
            builder.new("below").parent(top).build()
            assert list(top.directories()) == ["below"]
        assert len(app.dataset_directories()) == len(app.flow_directories()) == len(app.model_directories()) == 2
        assert len(app.dataset_directories()["top"].datasets()) == 0
        assert len(app.flow_directories()["top"].flows()) == 0
        assert len(app.model_directories()["top"].models()) == 0
        app.delete()
        inner.delete()

    def dataset(self) -> None:
        self.dataset = self.app.dataset.new("people").df(FRAME).build()

    def dataset_changes(self) -> None:
        directory = (
            self.app.dataset_directory.new("[INPUT]").parent(self.app.dataset_directory.new("top").build()).build()
        )
        other = self.app.dataset.new("others").df(FRAME).directory(directory).agent_access(True).build()
        other.rename("the others").move(directory).update_agent_access(False)
        other.edit_data(FRAME[["age"]])
        other.delete()

    def dataset_reads(self) -> None:
        self.app.datasets()
        self.app.datasets.search("peo")
        self.app.datasets["people"].describe()
        self.app.dataset_directories()
        assert self.dataset.df().equals(FRAME)

    def _definition(self) -> Any:
        types = self.ikigai.facet_types
        return (
            self.ikigai.builder.facet(facet_type=types.INPUT.Imported, name="people")
            .arguments(dataset_id=self.dataset.dataset_id, file_type="csv", header=True, use_raw_file=False)
            .facet(facet_type=types.MID.COUNT)
            .arguments(output_column_name="count", sort=True)
            .arguments(target_columns=["name"])
            .facet(facet_type=types.OUTPUT.EXPORTED, name="output")
            .arguments(dataset_name="counted", file_type="csv", header=True)
            .variables(output="dataset_name")
            .build()
        )

    def flow(self) -> None:
        self.flow = self.app.flow.new(name="Count").definition(self._definition()).build()

    def flow_run(self) -> None:
        assert self.flow.run().status == "SUCCESS"
        assert self.flow.run(output="counted again", _ignored=1).status == "SUCCESS"
        assert len(self.flow.run_logs(max_count=3)) == 2
        assert self.flow.status().status == "IDLE"

    def flow_changes(self) -> None:
        directory = self.app.flow_directory.new("flows").build()
        copy = (
            self.app.flow.new("Copy")
            .definition(self.flow)
            .directory(directory)
            .high_volume_preference(True)
            .schedule("15 3 * * *")
            .agent_access(False)
            .build()
        )
        copy.rename("A copy").move(directory).update_high_volume_preference(False)
        copy.update_definition(self.ikigai.builder.build())
        copy.update_agent_access(True)
        copy.update_schedule("30 4 * * 1")
        copy.delete()

    def branches(self) -> None:
        types = self.ikigai.facet_types
        builder = self.ikigai.builder
        first = builder.facet(facet_type=types.INPUT.Imported, args={"dataset_id": "a"})
        second = first.facet(facet_type=types.INPUT.Imported, args={"dataset_id": "b"}, arrow_args={})
        union = (
            builder.facet(facet_type=types.MID.UNION, name="union")
            .add_arrow(first, table_side="top")
            .add_arrow(second, table_side="bottom")
            .arguments(option="full")
        )
        definition = union.facet(facet_type=types.OUTPUT.EXPORTED).arguments(dataset_name="both").build()
        self.app.flow.new("Branches").definition(definition.to_dict()).build()

    def older_definition(self) -> None:
        definition = {
            "facets": [
                {
                    "facet_id": "a",
                    "facet_uid": "M_037",
                    "name": "cast",
                    "arguments": {
                        # The released client fails on it in any other place.
                        "experiment_selection": {},
                        "submodel_type": "Base",
                        "model_name": "m",
                        "no such argument": 1,
                        "processing": [{"type": "base"}],
                        "model_selection": [],
                        "metrics": [{"holdout_period": 1}],
                    },
                },
                {"facet_id": "b", "facet_uid": "X_999", "name": "", "arguments": {"submodel_type": 1, "other": [1]}},
            ],
            "arrows": [],
            "variables": {},
            "model_variables": {},
        }
        flow = self.app.flow.new("Older").definition(definition).build()
        self.told.append(flow.describe()["definition"])

    def flow_reads(self) -> None:
        self.app.flows()
        self.app.flows.search("Cou")
        assert self.app.flows["Count"].describe()["name"] == "Count"
        self.app.flow_directories()

    def model(self) -> None:
        lasso = self.ikigai.model_types.Linear.Lasso
        directory = self.app.model_directory.new("models").build()
        model = self.app.model.new("Ages").model_type(model_type=lasso).description("of people").build()
        model.rename("All ages").move(directory).update_description("of all people")
        self.app.models()
        self.app.models["All ages"].describe()
        self.app.models.search("age")
        model.versions()
        model.delete()

    def model_version(self) -> None:
        types, lasso = self.ikigai.facet_types, self.ikigai.model_types.Linear.Lasso
        model = self.app.model.new("Trained").model_type(lasso).build()
        definition = (
            self.ikigai.builder.facet(types.INPUT.IMPORTED)
            .arguments(dataset_id=self.dataset.dataset_id, file_type="csv", header=True)
            .model_facet(types.MID.PREDICT, lasso, args={"model_name": "Trained", "model_version": "initial"})
            .parameters(target_column="age")
            .facet(types.OUTPUT.EXPORTED, args={"dataset_name": "told", "file_type": "csv", "header": True})
            .build()
        )
        assert self.app.flow.new("Train").definition(definition).build().run().status == "SUCCESS"
        assert model.versions()["initial"].describe()["version"] == "initial"

    def model_facets(self) -> None:
        types, models = self.ikigai.facet_types, self.ikigai.model_types
        source = self.ikigai.builder.facet(facet_type=types.INPUT.Imported).arguments(dataset_id="a")
        predicted = (
            source.model_facet(facet_type=types.MID.PREDICT, model_type=models.Linear.Lasso)
            .arguments(model_name="Ages", model_version="initial")
            .hyperparameters(alpha=0.1, fit_intercept=True)
            .parameters(target_column="age")
        )
        forecast = predicted.model_facet(types.MID.AI_CAST, models.AI_CAST.Base).hyperparameters(
            type="base", time_budget=5, interval_to_predict=3
        )
        definition = forecast.facet(types.OUTPUT.EXPORTED).arguments(dataset_name="predicted").build()
        self.app.flow.new("Predict").definition(definition).build()

    def app_access(self) -> None:
        self.app.access.grant("ann@example.com", self.client.AppAccessLevel.VIEWER)
        self.app.access.update("ann@example.com", self.client.AppAccessLevel.BUILDER)
        self.app.access.revoke("ann@example.com")

    def custom_facet(self) -> None:
        mid = self.ikigai.facet_types.MID.CUSTOM_FACET
        self.custom_facet = (
            self.ikigai.custom_facet.new("Older", facet_type=mid)
            .description("adds years")
            .script(SCRIPT, requirements=["pandas"], arguments={"years": 1, "rate": 0.5, "loud": False, "note": "x"})
            .build()
        )

    def custom_facet_changes(self) -> None:
        self.custom_facet.rename("Aged").update_description("adds some years")
        self.first = self.custom_facet.create_version("first")
        self.custom_facet.update_script("result = data", arguments={"years": 2})
        assert len(self.custom_facet.versions()) == 1
        self.custom_facet.update_script(SCRIPT, requirements=[], arguments={"years": 2, "loud": True, "note": "y"})

    def custom_facet_reads(self) -> None:
        self.ikigai.custom_facets()
        self.ikigai.custom_facets.search("age")
        assert self.ikigai.custom_facets["Aged"].describe()["name"] == "Aged"

    def custom_facet_in_flows(self) -> None:
        types = self.ikigai.facet_types
        for number, version in enumerate([self.first, self.custom_facet.unpinned()]):
            definition = (
                self.ikigai.builder.facet(facet_type=types.INPUT.Imported)
                .arguments(dataset_id=self.dataset.dataset_id, file_type="csv", header=True)
                .custom_facet(custom_facet_version=version, name="aged")
                .arguments(years=3, loud=True)
                .arguments(note="False")
                .facet(facet_type=types.OUTPUT.EXPORTED)
                .arguments(dataset_name="aged", file_type="csv", header=True)
                .build()
            )
            flow = self.app.flow.new(f"Aged {number}").definition(definition).build()
            assert flow.run().status == "SUCCESS"
            assert list(self.app.datasets["aged"].df()["age"]) == [28, 33]
            assert list(self.app.datasets["aged"].df()["note"].astype(str)) == ["False", "False"]

    def custom_facet_access(self) -> None:
        levels = self.client.CustomFacetAccessLevel
        self.custom_facet.access.grant("ann@example.com", levels.RUNNER)
        self.custom_facet.access.update("ann@example.com", levels.ADMIN)
        self.custom_facet.access.update("ann@example.com", levels.EDITOR)
        self.custom_facet.access.update("ann@example.com", levels.VIEWER)
        self.custom_facet.access.revoke("ann@example.com")

    def custom_facet_end(self) -> None:
        self.custom_facet.delete()

    def end(self) -> None:
        self.flow.delete()
        self.dataset.delete()
        self.app.delete()


STEPS = [
    "app",
    "app_in_directory",
    "listings",
    "directories",
    "dataset",
    "dataset_changes",
    "dataset_reads",
    "flow",
    "flow_run",
    "flow_changes",
    "branches",
    "older_definition",
    "flow_reads",
    "model",
    "model_version",
    "model_facets",
    "app_access",
    "custom_facet",
    "custom_facet_changes",
    "custom_facet_reads",
    "custom_facet_in_flows",
    "custom_facet_access",
    "custom_facet_end",
    "end",
]


def walk(client: ModuleType, account: LocalAccount) -> dict[str, list[Any]]:
    """What a client sends at each step, and what it tells under ``told``."""
    recorder = Recorder(account.url)
    try:
        walk = Walk(client, account, recorder.url)
        with warnings.catch_warnings():
            # The released client calls its own listings deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", ours.errors.DefinitionWarning)
            return {step: recorder.record(getattr(walk, step)) for step in STEPS} | {"told": walk.told}
    finally:
        recorder.close()


@pytest.fixture(scope="module")
def sent(platform: LocalPlatform) -> Callable[[str], tuple[list[Any], list[Any]]]:
    """What the released client and ours send at a step, each on an account of its own."""
    walks = []
    for client in (released, ours):
        with LocalAccount.fresh(platform) as account:
            walks.append(walk(client, account))
    return lambda step: (walks[0][step], walks[1][step])


@pytest.mark.parametrize("step", STEPS)
def test_what_changes_something_is_sent_alike(sent: Any, step: str) -> None:
    theirs, own = sent(step)
    assert [request for request in own if request.changes] == [request for request in theirs if request.changes]


@pytest.mark.parametrize("step", STEPS)
def test_reads_are_of_the_same_shape(sent: Any, step: str) -> None:
    theirs, own = ({request.shape for request in requests if not request.changes} for requests in sent(step))
    same_paths = {path for path, _ in theirs}
    assert {shape for shape in own if shape[0] in same_paths} <= theirs


def test_what_is_told_in_another_form_is_told_alike(sent: Any) -> None:
    theirs, own = sent("told")
    assert own == theirs
    assert own[0]["facets"][0]["arguments"]["processing"] == {"type": "base"}


@pytest.mark.parametrize("step", ["dataset", "dataset_reads"])
def test_signed_urls_get_no_credentials(sent: Any, step: str) -> None:
    _, own = sent(step)
    signed = [request for request in own if request.path == "signed"]
    assert signed
    assert {request.credentials for request in signed} == {()}
    assert {request.credentials for request in own if request.path != "signed"} == {("api-key", "user")}
