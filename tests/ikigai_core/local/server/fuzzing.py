"""What the fuzzer is told beyond the OpenAPI document: the ids of things that are there, and what no answer may say."""

from __future__ import annotations

import json
import os
import random
import re
from typing import Any

import schemathesis

# Field or parameter: a value that something has. Those that the fuzzer makes up never get beyond "was not found".
random.seed(os.environ["IKIGAI_TEST_SEED"])

KNOWN: dict[str, str] = json.loads(os.environ["FUZZING_KNOWN"])
HEADERS: dict[str, str] = json.loads(os.environ["FUZZING_HEADERS"])
FACET_UIDS = ("I_005", "M_003", "O_005", "M_016", "M_019")
INTERNALS = re.compile(r"Traceback|object at 0x|<class |errors\.pydantic|site-packages")


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    return _with_known_ids(query, context.operation.path)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    return _with_known_ids(body, context.operation.path)


@schemathesis.auth()
class Credentials:
    def get(self, case: Any, context: Any) -> dict[str, str]:
        return HEADERS

    def set(self, case: Any, data: dict[str, str], context: Any) -> None:
        # Signed URLs refuse credentials before anything else.
        if not case.path.startswith("/_data/"):
            case.headers.update(data)


@schemathesis.check
def refusals_say_why(ctx: Any, response: Any, case: Any) -> None:
    if 400 <= response.status_code < 500:
        message = response.json()["message"]
        assert message
        assert not INTERNALS.search(message), message


def _with_known_ids(value: Any, path: str) -> Any:
    """Put ids that are there in the place of some that are made up; what is used by all requests stays undeleted."""
    if "/delete-" in path:
        return value
    if isinstance(value, list):
        return [_with_known_ids(item, path) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _known(name, _with_known_ids(item, path)) for name, item in value.items()}


def _known(name: str, value: Any) -> Any:
    if not isinstance(value, str) or random.random() < 0.2:
        return value
    if name == "facet_uid":
        return random.choice(FACET_UIDS)
    return KNOWN.get(name, value)
