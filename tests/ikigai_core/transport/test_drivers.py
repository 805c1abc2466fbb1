"""Both drivers send the same, repeat what may be repeated, and fail with errors that say what happened."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import errors
from ikigai_core.api import apps, flows
from ikigai_core.config import Config
from ikigai_core.procedure import Procedure, send
from ikigai_core.transfer.progress import Meter
from ikigai_core.transfer.ranges import DownloadTarget
from ikigai_core.transfer.steps import fetch, send_parts
from ikigai_core.transport.retry import RetryPolicy

METER = Meter("transfer")
Drive = Callable[[Procedure[Any]], Any]
KEY = "a-key-that-nobody-may-see"


def reply(server: Any, *exchanges: dict[str, Any]) -> None:
    """Tell the server what to answer, in order."""
    kind = type(server.script[0])
    server.script = [kind(**exchange) for exchange in exchanges]


def test_every_request_names_the_user_the_key_and_the_agent(server: Any, drive: Drive) -> None:
    project = {"project_id": "1", "name": "Übung & Co"}
    reply(server, {"body": {"project": project}})
    assert drive(send(apps.by_name("Übung & Co"))) == project
    method, path, headers, _ = server.requests[0]
    assert (method, path.split("?")[0]) == ("GET", "/component/get-project")
    assert (headers["user"], headers["api-key"], headers["user-agent"]) == ("bob@example.com", KEY, "test/1")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_call_that_does_no_harm_twice_is_repeated(server: Any, drive: Drive, status: int) -> None:
    reply(server, {"status": status}, {"status": status}, {"body": {"project": {"project_id": "1"}}})
    assert drive(send(apps.fetch("1"))) == {"project_id": "1"}
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_never_repeated(server: Any, drive: Drive, status: int) -> None:
    reply(server, {"status": status, "body": {"message": "no such thing"}})
    with pytest.raises(errors.ApiError, match="no such thing") as caught:
        drive(send(apps.fetch("1")))
    assert (caught.value.status, caught.value.transient, len(server.requests)) == (status, False, 1)


@pytest.mark.parametrize("failure", [{"status": 502}, {"status": 408}, {"cut": True}], ids=["502", "408", "cut"])
def test_a_start_whose_outcome_is_unknown_is_not_repeated(server: Any, drive: Drive, failure: dict[str, Any]) -> None:
    reply(server, failure)
    with pytest.raises((errors.ServerError, errors.AnswerLostError, errors.RateLimitedError)):
        drive(send(flows.run("app", "flow", {})))
    assert len(server.requests) == 1


def test_a_start_that_was_turned_away_at_the_door_is_repeated(server: Any, drive: Drive) -> None:
    reply(server, {"status": 429, "headers": {"Retry-After": "0"}}, {"body": {"pipeline_id": "flow"}})
    assert drive(send(flows.run("app", "flow", {}))) == "flow"
    assert len(server.requests) == 2


def test_an_answer_that_was_cut_off_is_asked_for_again(server: Any, drive: Drive) -> None:
    reply(server, {"cut": True}, {"body": {"project": {"project_id": "1"}}})
    assert drive(send(apps.fetch("1"))) == {"project_id": "1"}


def test_the_platforms_wish_to_wait_is_honoured(server: Any, drive: Drive) -> None:
    reply(server, {"status": 503, "headers": {"Retry-After": "1"}}, {"body": {"project": {}}})
    began = time.monotonic()
    drive(send(apps.fetch("1")))
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_what_cannot_be_written_as_json_is_not_sent(server: Any, drive: Drive, value: object) -> None:
    with pytest.raises(errors.InvalidInputError, match="run-pipeline was not sent"):
        drive(send(flows.run("app", "flow", {"value": value})))
    assert server.requests == []


def test_an_absurd_wish_to_wait_is_not_honoured(server: Any, drive: Drive) -> None:
    reply(server, {"status": 503, "headers": {"Retry-After": "86400"}}, {"body": {"project": {}}})
    began = time.monotonic()
    drive(send(apps.fetch("1")))
    assert time.monotonic() - began < 5.0


def test_tries_come_to_an_end(server: Any, drive: Drive) -> None:
    reply(server, {"status": 503, "body": {"message": "overloaded"}})
    with pytest.raises(errors.ServerError, match="overloaded") as caught:
        drive(send(apps.fetch("1")))
    assert caught.value.transient
    assert len(server.requests) == RetryPolicy().attempts


def test_a_wrong_key_is_named_by_platform_and_user_and_not_by_itself(server: Any, drive: Drive) -> None:
    reply(
        server, {"status": 403, "body": {"message": "Missing Authentication Token"}, "headers": {"x-request-id": "r1"}}
    )
    with pytest.raises(errors.AccessRefusedError) as caught:
        drive(send(apps.listing()))
    text = str(caught.value)
    assert server.url in text
    assert "bob@example.com" in text
    assert "r1" in text
    assert KEY not in text + repr(caught.value) + repr(vars(caught.value))
    assert caught.value.__cause__ is None


def test_a_redirect_is_not_followed_with_the_key(server: Any, drive: Drive) -> None:
    reply(server, {"status": 302, "headers": {"Location": f"{server.url}/elsewhere?token=secret"}})
    with pytest.raises(errors.ApiError, match="elsewhere") as caught:
        drive(send(apps.listing()))
    assert len(server.requests) == 1
    assert "secret" not in str(caught.value)


def test_an_answer_of_an_unknown_form_is_an_error_that_names_the_request(server: Any, drive: Drive) -> None:
    reply(server, {"body": b"<html>Welcome to the hotel's network</html>"})
    with pytest.raises(errors.UnexpectedAnswerError, match="/component/get-project") as caught:
        drive(send(apps.fetch("1")))
    assert server.url in str(caught.value)


def test_an_address_that_is_no_platform_is_named(server: Any, drive: Drive) -> None:
    reply(server, {"status": 404, "body": b"<!DOCTYPE HTML>\n<html><body>File not found</body></html>"})
    with pytest.raises(errors.NotFoundError) as caught:
        drive(send(apps.fetch("1")))
    assert str(caught.value).endswith(
        f"a web page instead of an answer. {server.url} does not answer like an Ikigai platform: is this its address?"
    )


def test_errors_survive_the_way_to_another_process(server: Any, drive: Drive) -> None:
    reply(server, {"status": 404, "body": {"message": "gone"}})
    with pytest.raises(errors.NotFoundError) as caught:
        drive(send(apps.fetch("1")))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.status) == (errors.NotFoundError, str(caught.value), 404)


def test_parts_go_to_their_urls_without_credentials(server: Any, drive: Drive, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(bytes(range(256)) * 1000)
    reply(server, {"headers": {"ETag": '"e"'}})
    urls = {number: f"{server.url}/{number}?signature=secret" for number in (1, 2, 3)}
    assert drive(send_parts(data, urls, "text/csv", METER)) == {1: '"e"', 2: '"e"', 3: '"e"'}
    by_path = {path: (headers, body) for _, path, headers, body in server.requests}
    assert b"".join(by_path[f"/{number}?signature=secret"][1] for number in (1, 2, 3)) == data.read_bytes()
    for headers, body in by_path.values():
        assert not {"user", "api-key", "authorization"} & set(headers)
        assert (headers["content-type"], headers["cache-control"]) == ("text/csv", "no-cache")
        assert int(headers["content-length"]) == len(body)


def test_a_part_that_fails_for_a_moment_is_sent_again(server: Any, drive: Drive, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a\n1\n")
    reply(server, {"status": 503}, {"cut": True}, {"headers": {"ETag": '"e"'}})
    assert drive(send_parts(data, {1: f"{server.url}/1?signature=secret"}, "text/csv", METER)) == {1: '"e"'}
    assert [body for *_, body in server.requests] == [b"a\n1\n"] * 3


def test_a_refused_part_is_an_error_without_the_signature(server: Any, drive: Drive, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a\n1\n")
    reply(server, {"status": 403, "body": b"<Error>AccessDenied</Error>"})
    with pytest.raises(errors.TransferError, match=r"part 1 of 1 of data.csv.*AccessDenied") as caught:
        drive(send_parts(data, {1: f"{server.url}/1?signature=secret"}, "text/csv", METER))
    assert "secret" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_download_that_breaks_off_begins_anew(server: Any, drive: Drive, tmp_path: Path) -> None:
    target = tmp_path / "data.csv"
    reply(server, {"body": b"a\n1", "headers": {"Content-Length": "400", "Connection": "close"}}, {"body": b"a\n1\n"})
    server.script[0].headers["Connection"] = "close"
    drive(fetch(f"{server.url}/data?signature=secret", DownloadTarget(target, METER)))
    assert target.read_bytes() == b"a\n1\n"


def test_signed_urls_stay_out_of_the_http_libraries_logs(
    server: Any, drive: Drive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reply(server, {"body": b"a\n1\n"})
    drive(fetch(f"{server.url}/data?signature=secret", DownloadTarget(tmp_path / "data.csv", METER)))
    assert "/data" in caplog.text
    assert "secret" not in caplog.text


def test_a_platform_that_is_not_there_is_reported_within_the_connect_timeout(perform: Any) -> None:
    config = Config("bob@example.com", KEY, "http://127.0.0.1:9", connect_timeout=1.0)
    began = time.monotonic()
    with pytest.raises(errors.ConnectionFailedError, match=r"http://127.0.0.1:9") as caught:
        perform(config, RetryPolicy(), send(apps.listing()))
    assert time.monotonic() - began < 1.5
    assert caught.value.transient
