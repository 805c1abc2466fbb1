"""A forked process: it gets answers to its own questions only, and waits for nobody."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import random
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ikigai_core import App, AsyncIkigai, Dataset, Ikigai, errors
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration.key_sources import RenewableKey
from ikigai_core.runs.polling import RateLimiter

NAMES = [f"dataset {number}" for number in range(12)]
THREADS = 3
EACH = 20
PATIENCE = 60

Child = Callable[[Callable[[], int]], Callable[[], int]]


@pytest.fixture
def fork() -> Iterator[Child]:
    """Fork a process that counts something. The answer waits for its end and returns the count, or -1 if it failed."""
    children: list[int] = []

    def begin(work: Callable[[], int]) -> Callable[[], int]:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.alarm(PATIENCE)
            try:
                os.write(writer, str(work()).encode())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        children.append(pid)
        os.close(writer)

        def end() -> int:
            with os.fdopen(reader) as pipe:
                told = pipe.read()
            return int(told or -1)

        return end

    yield begin
    for pid in children:
        os.waitpid(pid, 0)


@pytest.fixture
def many(ikigai_local: LocalAccount, ikigai_client: Ikigai) -> App:
    """An app with several datasets."""
    ikigai_local.seed("many", dict.fromkeys(NAMES, b"a\n1\n"))
    return ikigai_client.apps["many"]


def look_up(app: App, times: int, seed: int) -> int:
    """How many look-ups gave the dataset that was asked for."""
    choices = random.Random(seed)
    asked = [choices.choice(NAMES) for _ in range(times)]
    return sum(app.datasets[name].name == name for name in asked)


def look_up_in_threads(app: App, seed: int) -> int:
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(lambda number: look_up(app, EACH, seed + number), range(THREADS)))


def test_a_client_in_use_answers_each_forked_process_and_thread_with_what_it_asked_for(many: App, fork: Child) -> None:
    done = threading.Event()
    rounds: list[int] = []

    def keep_asking() -> None:
        while not done.is_set():
            rounds.append(look_up(many, 10, len(rounds)))

    look_up_in_threads(many, 0)
    asking = threading.Thread(target=keep_asking)
    asking.start()
    children = [fork(lambda seed=seed: look_up_in_threads(many, seed)) for seed in (100, 200)]  # type: ignore[misc]
    mine = look_up_in_threads(many, 300)
    theirs = [end() for end in children]
    done.set()
    asking.join(PATIENCE)
    assert [mine, *theirs] == [THREADS * EACH] * 3
    assert set(rounds) == {10}


def test_a_forked_process_uses_the_parents_async_client_on_its_own_event_loop(many: App, fork: Child) -> None:
    client = many._client._config

    async def ask(ikigai: AsyncIkigai, seed: int) -> int:
        datasets = (await ikigai.apps["many"]).datasets
        choices = random.Random(seed)

        async def right(name: str) -> bool:
            return (await datasets[name]).name == name

        return sum(await asyncio.gather(*(right(choices.choice(NAMES)) for _ in range(EACH))))

    async def main() -> list[int]:
        async with AsyncIkigai(client.user_email, client.api_key, client.base_url) as ikigai:
            assert await ask(ikigai, 1) == EACH
            children = [fork(lambda seed=seed: asyncio.run(ask(ikigai, seed))) for seed in (2, 3)]  # type: ignore[misc]
            mine = await ask(ikigai, 4)
            return [mine, *[await asyncio.to_thread(end) for end in children]]

    assert asyncio.run(main()) == [EACH] * 3


def test_a_lock_that_a_thread_held_during_the_fork_holds_nobody_up_in_the_child(
    ikigai_local: LocalAccount, fork: Child
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow_key() -> str:
        asked.set()
        if threading.current_thread() is not threading.main_thread():
            answer.wait(PATIENCE)
        return ikigai_local.api_key

    limiter = RateLimiter()
    with Ikigai(ikigai_local.user_email, RenewableKey("refused", slow_key), ikigai_local.url) as ikigai:
        waiting = threading.Thread(target=ikigai.apps)
        waiting.start()
        assert asked.wait(PATIENCE)
        with limiter._lock:
            child = fork(lambda: len(ikigai.apps()) + int(limiter.reserve(0.0)))
        assert child() == 1
        answer.set()
        waiting.join(PATIENCE)


def test_one_async_client_serves_one_event_loop_after_another_and_two_at_once(many: App) -> None:
    config = many._client._config
    ikigai = AsyncIkigai(config.user_email, config.api_key, config.base_url)

    async def ask(times: int, name: str) -> int:
        datasets = (await ikigai.apps["many"]).datasets
        found = await asyncio.gather(*(datasets[name] for _ in range(times)))
        return sum(dataset.name == name for dataset in found)

    assert asyncio.run(ask(20, NAMES[0])) == 20
    assert asyncio.run(ask(20, NAMES[1])) == 20
    with ThreadPoolExecutor(2) as pool:
        loops = [pool.submit(asyncio.run, ask(40, name)) for name in NAMES[:2]]
        assert [loop.result() for loop in loops] == [40, 40]
    assert asyncio.run(ask(1, NAMES[0])) == 1
    asyncio.run(ikigai.aclose())
    assert not ikigai._driver


def test_a_pickled_component_holds_no_key_and_takes_the_one_of_its_new_process(
    many: App, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = many.datasets[NAMES[0]]
    for thing in (dataset, many, many._client, many._client.facet_types, many.datasets()):
        text = pickle.dumps(thing)
        assert ikigai_local.api_key.encode() not in text
        assert pickle.loads(text) is not thing
    again: Dataset = pickle.loads(pickle.dumps(dataset))
    assert again == dataset
    for name in ("IKIGAI_USER_EMAIL", "IKIGAI_API_KEY", "IKIGAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(errors.ConfigurationError, match="holds no key"):
        again.logs()
    environment = ikigai_local.environ()
    for name, value in {**environment, "IKIGAI_USER_EMAIL": "somebody@else.com"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.ConfigurationError, match=f"none of {ikigai_local.user_email}"):
        again.logs()
    monkeypatch.setenv("IKIGAI_USER_EMAIL", ikigai_local.user_email)
    assert again.df().to_csv(index=False) == "a\n1\n"


def test_a_pickle_leaves_out_a_function_that_gives_the_key_and_a_proxys_password() -> None:
    client = Ikigai("bob@example.com", lambda: "a-key", "http://x", proxy="http://bob:password@proxy:3128")
    text = pickle.dumps(client)
    assert b"password" not in text
    assert repr(pickle.loads(text)) == repr(client)
    open_proxy = pickle.loads(pickle.dumps(AsyncIkigai("bob@example.com", "a-key", proxy="http://proxy:3128")))
    assert open_proxy._config.proxy == "http://proxy:3128"


def test_a_copied_component_uses_the_same_client(many: App) -> None:
    dataset = many.datasets[NAMES[0]]
    for copied in (copy.copy(dataset), copy.deepcopy(dataset), copy.deepcopy([dataset])[0]):
        assert copied == dataset
        assert copied is not dataset
        assert copied._client is many._client
        copied.rename(NAMES[0])
