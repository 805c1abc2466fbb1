"""Errors: their names, old and new, and which answer of the platform means which."""

from __future__ import annotations

import inspect

import pytest

from ikigai_core import errors
from ikigai_core.api import apps
from ikigai_core.config import Config
from ikigai_core.transport.responses import Answer, read_answer

CLASSES = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}


def test_every_error_is_named_as_one() -> None:
    own = {kind.__name__ for kind in CLASSES.values() if issubclass(kind, errors.IkigaiError)}
    assert len(own) > 30
    assert [name for name in own if not name.endswith("Error")] == []


@pytest.mark.parametrize("name", ["NotFound", "RunFailed", "StartUnknown", "RunAmbiguous", "FlowBusy", "InvalidInput"])
def test_old_names_mean_the_same_classes(name: str) -> None:
    assert CLASSES[name] is CLASSES[f"{name}Error"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (429, errors.RateLimitedError),
        (500, errors.ServerError),
    ],
)
def test_an_answer_is_the_error_that_its_status_means(status: int, kind: type[errors.ApiError]) -> None:
    config = Config.resolve("bob@example.com", "key", "http://127.0.0.1:1")
    with pytest.raises(errors.ApiError) as refused:
        read_answer(apps.fetch("app"), config, Answer(status, {}, b'{"message": "no"}', 0.1))
    assert type(refused.value) is kind


def test_who_catches_what_was_one_error_catches_both() -> None:
    assert issubclass(errors.AuthenticationError, errors.Authentication)
    assert issubclass(errors.PermissionDeniedError, errors.Authentication)
