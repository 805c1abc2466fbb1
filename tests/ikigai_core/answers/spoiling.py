"""Ways to spoil an answer: its values, its form, its status, its headers."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import replace
from typing import Any

from .canned_platform import Reply, Spoil

KEY = "k3y-that-nobody-may-see"
ECHO = f"{{'user': 'bob@example.com', 'api-key': '{KEY}'}}"


class _Raw(float):
    """A number that json writes as it is told."""

    def __new__(cls, text: str) -> _Raw:
        self = super().__new__(cls)
        self.text = text
        return self

    text: str

    def __repr__(self) -> str:
        return self.text


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    3.5,
    10**30,
    -(10**30),
    2**31,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\0",
    "\ud800",
    "x\r\ny",
    "-5",
    "99999999999999999999",
    "1" * 5000,
    "x" * 200_000,
    ECHO,
    "RUNNING",
    "IN_PROGRESS",
    "FAILED",
    "http://[",
    "file:///etc/passwd",
    "http://127.0.0.1:1/x",
    [],
    {},
    [None],
    [[]],
    [ECHO],
    {"": None},
    {"name": {}},
    {KEY: KEY},
    _deep(60),
]
"""What a value is replaced by."""

BODIES: list[bytes] = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"0",
    b'"x"',
    b"{",
    b"{}",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"<!DOCTYPE html><html><body>Please log in</body></html>",
    f"<html>{ECHO}</html>".encode(),
    json.dumps({"message": ECHO}).encode(),
    json.dumps({"message": {"headers": {"api-key": KEY}}}).encode(),
    json.dumps({"message": "x" * 10_000}).encode(),
    b"1" * 10_000,
]
"""What a whole body is replaced by."""

STATUSES = [204, 206, 301, 302, 400, 401, 403, 404, 408, 409, 416, 418, 425, 429, 500, 502, 503, 599]

HEADERS: list[dict[str, str]] = [
    {"Content-Encoding": "gzip"},
    {"Content-Encoding": "br"},
    {"Content-Encoding": "x" * 1000},
    {"Content-Length": "-5"},
    {"Content-Length": "many"},
    {"Content-Length": "3"},
    {"Content-Length": "999"},
    {"Transfer-Encoding": "chunked"},
    {"Content-Type": "text/html; charset=nonsense"},
    {"Content-Range": "bytes 0-99999999999/5"},
    {"Content-Range": f"bytes 0-3/{10**40}"},
    {"Content-Range": "bytes 0-3/4000000000000000"},
    {"Content-Range": "bytes 5-3/8"},
    {"ETag": ""},
    {"ETag": KEY},
    {"Retry-After": "nan"},
    {"Retry-After": "Mon, 01 Jan 0001 00:00:00 GMT"},
    {"Location": "http://["},
    {"Location": "http://x:99999999"},
    {"Location": "\xff\xfe"},
    {"Location": f"http://127.0.0.1:1/?{KEY}"},
    {"X-Request-Id": KEY},
    {"X-Echo": ECHO},
    {"Set-Cookie": f"a={KEY}; expires=never"},
]


def spoil(choose: random.Random) -> Spoil:
    """One way to spoil an answer, chosen at random."""
    return choose.choices([_values, _body, _status, _headers], [8, 1, 1, 1])[0](choose)


def _values(choose: random.Random) -> Spoil:
    seed, count = choose.random(), choose.choice([1, 1, 1, 2, 4])

    def how(reply: Reply) -> Reply:
        again = random.Random(seed)
        try:
            answer = json.loads(reply.body)
        except ValueError:
            return replace(reply, body=again.choice(BODIES))
        for _ in range(count):
            answer = _with_another_value(again, answer)
        return replace(reply, body=json.dumps(answer).encode())

    return how


def _with_another_value(choose: random.Random, answer: Any) -> Any:
    """Replace, take away, repeat or wrap one value somewhere in the answer."""
    holders = list(_holders(answer))
    if not holders:
        return deepcopy(choose.choice(VALUES))
    holder, key = choose.choice(holders)
    kind = choose.randrange(10)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder.extend(deepcopy(holder[key]) for _ in range(choose.choice([1, 200])))
    elif kind == 2:
        holder[key] = choose.choice([[holder[key]], {"a": holder[key]}, str(holder[key])])
    else:
        holder[key] = deepcopy(choose.choice(VALUES))
    return answer


def _holders(node: Any) -> Any:
    if isinstance(node, dict | list):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from _holders(node[key])


def _body(choose: random.Random) -> Spoil:
    body = choose.choice(BODIES)
    return lambda reply: replace(reply, body=body)


def _status(choose: random.Random) -> Spoil:
    status, body = choose.choice(STATUSES), choose.choice([None, *BODIES])
    return lambda reply: replace(reply, status=status, body=reply.body if body is None or status == 204 else body)


def _headers(choose: random.Random) -> Spoil:
    headers, status = choose.choice(HEADERS), choose.choice([None, None, 206, 302, 503])
    return lambda reply: replace(reply, headers={**reply.headers, **headers}, status=status or reply.status)
