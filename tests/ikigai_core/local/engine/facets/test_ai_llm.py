"""AI LLM against a local server that speaks OpenAI's protocol for chats."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine import language_model
from ikigai_core.local.engine.connections import Connection
from ikigai_core.local.engine.facets import ai_llm

from .outside import SECRET, connect, receiver

CONTENT = "city,zip\nBern,3000\nZürich,\n,8000\n"


def chat(reply: Any) -> Any:
    """Answer as such a server does: with what `reply` gives for the messages."""

    def answer(body: Any) -> tuple[int, str]:
        assert body["temperature"] == 0
        contents = {message["role"]: message["content"] for message in body["messages"]}
        return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": reply(contents)}}]})

    return answer


def asked(jobs: Any, kind: str, content: str = CONTENT, **arguments: Any) -> Any:
    models = {"m": {"model_id": "1", "model_type": "Ai Llm", "sub_model_type": kind, "versions": []}}
    facets = [jobs.imported(content), jobs.facet("MID.AI_LLM", "ask", model_name="m", **arguments), jobs.exported()]
    return jobs.run(facets, models=models)


@pytest.fixture
def connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(language_model, "FIRST_PAUSE", 0.001)

    def connect_to(url: str) -> None:
        connect(monkeypatch, tmp_path, llm={"base_url": f"{url}/v1", "api_key": SECRET, "model": "small"})

    return connect_to


def test_each_row_is_asked_about_and_answers_keep_the_order(jobs: Any, connected: Any) -> None:
    with receiver(chat(lambda contents: f" {contents['system']}: {json.loads(contents['user'])['city']} ")) as server:
        connected(server.url)
        ended = asked(jobs, "Chat", hyperparameters={"instructions": "Be kind"})

    assert ended.message == ""
    assert [row[-1] for row in ended.rows()] == ["answer", "Be kind: Bern", "Be kind: Zürich", "Be kind: None"]
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {SECRET}"}
    assert {body["model"] for body in server.posted} == {"small"}


def test_a_template_names_columns(jobs: Any, connected: Any) -> None:
    with receiver(chat(lambda contents: contents["user"])) as server:
        connected(server.url)
        ended = asked(jobs, "Custom", hyperparameters={"prompt_template": "Where is {city} ({zip})?"})

    assert [row[-1] for row in ended.rows()[1:]] == [
        "Where is Bern (3000)?",
        "Where is Zürich ()?",
        "Where is  (8000)?",
    ]


def test_classes_are_those_that_are_known_and_numbers_are_numbers(jobs: Any, connected: Any) -> None:
    content = "city,big\nBern,no\nZürich,yes\nGenève,\n"
    replies = {"Bern": "no", "Zürich": "perhaps", "Genève": "yes"}
    with receiver(chat(lambda contents: replies[json.loads(contents["user"])["city"]])) as server:
        connected(server.url)
        ended = asked(jobs, "Classification", content, parameters={"target_column": "big"})
    assert ended.message == ""
    assert [row[-1] for row in ended.rows()] == ["predicted_big", "no", "", "yes"]
    assert all("big" not in body["messages"][1]["content"] for body in server.posted)

    with receiver(chat(lambda contents: "12.5" if "Bern" in contents["user"] else "many")) as server:
        connected(server.url)
        ended = asked(jobs, "Regression", parameters={"target_column": "zip"})
    assert [row[-1] for row in ended.rows()] == ["predicted_zip", "12.5", "", ""]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_question_is_asked_again_while_the_endpoint_is_busy(jobs: Any, connected: Any, status: int) -> None:
    tried: Counter[str] = Counter()
    friendly = chat(lambda contents: json.loads(contents["user"])["city"] or "nowhere")

    def busy_at_first(body: Any) -> tuple[int, str]:
        question = body["messages"][-1]["content"]
        tried[question] += 1
        return friendly(body) if tried[question] > 2 else (status, "busy")

    with receiver(busy_at_first) as server:
        connected(server.url)
        ended = asked(jobs, "Chat")

    assert ended.message == ""
    assert [row[-1] for row in ended.rows()[1:]] == ["Bern", "Zürich", "nowhere"]
    assert list(tried.values()) == [3, 3, 3]


def test_an_endpoint_that_stays_busy_ends_the_run_after_some_tries(jobs: Any, connected: Any) -> None:
    with receiver(lambda body: (503, "busy"), Retry_After="0") as server:
        connected(server.url)
        ended = asked(jobs, "Chat", "city\nBern\n")

    assert "the model of connection 'llm' refused with 503: busy" in ended.message
    assert len(server.posted) == language_model.ATTEMPTS


def test_a_question_waits_as_long_as_the_endpoint_asks(jobs: Any, connected: Any, monkeypatch: Any) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    with receiver(lambda body: (429, "slowly"), Retry_After="7") as server:
        connected(server.url)
        asked(jobs, "Chat", "city\nBern\n")

    assert waited.count(7.0) == language_model.ATTEMPTS - 1


def test_questions_are_made_as_they_are_asked(jobs: Any, connected: Any) -> None:
    ahead: list[int] = []

    def questions() -> Iterator[str]:
        for number in range(100):
            ahead.append(number)
            yield str(number)

    with receiver(chat(lambda contents: contents["user"])) as server:
        place = language_model.LanguageModel(Connection("llm", {"base_url": f"{server.url}/v1", "model": "small"}))
        for number, answer in enumerate(place.answers("", questions())):
            assert answer == str(number)
            assert len(ahead) <= number + language_model.AHEAD

    assert len(ahead) == 100


def test_many_rows_are_asked_about_in_parts(jobs: Any, connected: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(ai_llm, "_ROWS", 7)
    content = "n,city\n" + "".join(f"{number},\n" for number in range(30))
    with receiver(chat(lambda contents: json.loads(contents["user"])["n"])) as server:
        connected(server.url)
        ended = asked(jobs, "Chat", content)

    assert ended.message == ""
    assert [row[0] for row in ended.rows()[1:]] == [row[-1] for row in ended.rows()[1:]] == list(map(str, range(30)))
    assert len(server.posted) == 30


def test_a_table_without_rows_asks_nothing(jobs: Any, connected: Any) -> None:
    with receiver(chat(str)) as server:
        connected(server.url)
        ended = asked(jobs, "Chat", "city\n")

    assert (ended.message, ended.rows(), server.posted) == ("", [["city", "answer"]], [])


def test_refusals_are_told_without_the_key(jobs: Any, connected: Any) -> None:
    with receiver(lambda body: (401, f"wrong key {SECRET}")) as server:
        connected(server.url)
        refused = asked(jobs, "Chat", "city\nBern\n")
    assert len(server.posted) == 1
    gone = asked(jobs, "Chat")
    with receiver(lambda body: (200, "<html>")) as server:
        connected(server.url)
        other = asked(jobs, "Chat")

    assert "the model of connection 'llm' refused with 401: wrong key …" in refused.message
    assert "connection 'llm' failed to answer: " in gone.message
    assert "the model of connection 'llm' answered something else than a chat; check its base_url" in other.message
    assert SECRET not in refused.message + gone.message + other.message


@pytest.mark.parametrize(
    ("kind", "arguments", "reason"),
    [
        ("Classification", {}, "it needs the parameter 'target_column'"),
        ("Classification", {"parameters": {"target_column": "town"}}, "there is no column 'town'"),
        ("Custom", {}, "it needs the hyperparameter 'prompt_template'"),
        (
            "Custom",
            {"hyperparameters": {"prompt_template": "{town}"}},
            "names the column 'town', which the table lacks",
        ),
        ("Chat", {}, "there is no connection 'llm'"),
    ],
)
def test_what_cannot_be_asked(jobs: Any, kind: str, arguments: dict[str, Any], reason: str) -> None:
    assert reason in asked(jobs, kind, **arguments).message
