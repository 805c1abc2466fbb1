"""What the released client refuses before it sends anything, ours refuses too: the same errors, the same words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import ikigai as released
import pytest
from ikigai.components import Schedule as ReleasedSchedule

import ikigai_core as ours
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform


class Desk:
    """A client and an app of its own, for what is about to go wrong."""

    def __init__(self, client: ModuleType, account: LocalAccount) -> None:
        self.ikigai = client.Ikigai(account.user_email, account.api_key, account.url)
        self.types, self.models = self.ikigai.facet_types, self.ikigai.model_types
        self.schedule = ReleasedSchedule if client is released else client.Schedule
        self.app = self.ikigai.app.new("Desk").build()

    def facet(self, name: str, group: str = "MID", called: str = "") -> Any:
        return self.ikigai.builder.facet(self.types.__getattribute__(group)[name], called)

    def model_facet(self, facet: str = "PREDICT", model: str = "Linear.Lasso") -> Any:
        kind, sub = model.split(".")
        return self.ikigai.builder.model_facet(self.types.MID[facet], self.models[kind][sub])

    def cron(self, text: str) -> Any:
        return self.app.flow.new("f").schedule(text)


Wrong = Callable[[Desk], Any]


def two_with_one_variable(desk: Desk) -> None:
    builder = desk.ikigai.builder
    builder.facet(desk.types.MID.COUNT, "first").variables(v="sort")
    builder.facet(desk.types.MID.COUNT, "second").variables(v="sort")


def without_parameters(desk: Desk) -> Any:
    predict = desk.types.MID.PREDICT
    arguments = {name: spec for name, spec in predict.facet_arguments.items() if name != "parameters"}
    facet_type = predict.model_copy(update={"facet_arguments": arguments})
    return desk.ikigai.builder.model_facet(facet_type, desk.models.Linear.Lasso).parameters(target_column="x")


def namesakes(desk: Desk) -> Any:
    desk.app.flow.new("same").build()
    desk.app.flow.new("same").build()
    return desk.app.flows()["same"]


ROWS: list[tuple[Wrong, type[Exception], str]] = [
    (lambda d: d.facet("COUNT").arguments(x=1), ValueError, "Argument 'x' is not valid for Count facet"),
    (
        lambda d: d.model_facet().hyperparameters(x=1),
        ValueError,
        "Hyperparameter 'x' is not valid for Lasso models",
    ),
    (lambda d: d.model_facet().parameters(x=1), ValueError, "Parameter 'x' is not valid for Lasso models"),
    (lambda d: d.model_facet().hyperparameters(alpha="much"), TypeError, "must be numeric"),
    (lambda d: d.facet("COUNT").arguments(sort="yes"), TypeError, "must be boolean"),
    (lambda d: d.facet("COUNT").arguments(output_column_name=1), TypeError, "must be string"),
    (lambda d: d.facet("COUNT").arguments(target_columns="a"), TypeError, "must be list"),
    (lambda d: d.facet("COUNT").arguments(target_columns=[1]), TypeError, "must be string"),
    (lambda d: d.facet("IMPORTED", "INPUT").arguments(data_types=["x"]), TypeError, "must be mapping"),
    (lambda d: d.facet("IMPORTED", "INPUT").arguments(file_type="pdf"), ValueError, "must be one of"),
    (lambda d: d.facet("IMPORTED", "INPUT").arguments(file_type=7), ValueError, "must be one of"),
    (lambda d: d.facet("IMPORTED", "INPUT").arguments(dataset_id=None), ValueError, "is required"),
    (lambda d: d.facet("IMPORTED", "INPUT").arguments(data_types=[{"x": 1}]), KeyError, "unexpected child"),
    (
        lambda d: d.model_facet("AI_CAST", "AI_CAST.Base").hyperparameters(fine_tune=[{"x": 1}]),
        KeyError,
        "unexpected child",
    ),
    (lambda d: d.facet("COUNT").variables(v="sort"), ValueError, "Please set a name for the facet"),
    (lambda d: d.facet("COUNT", called="c").variables(v="x"), ValueError, "does not have argument 'x'"),
    (lambda d: d.facet("COUNT", called="c").variables(v="target_columns"), ValueError, "is currently not supported"),
    (two_with_one_variable, ValueError, "already exists for another facet"),
    (lambda d: d.model_facet("COUNT"), ValueError, "is not a known Model Facet"),
    (lambda d: d.types.MID.Cuont, AttributeError, "does not exist"),
    (lambda d: d.types.MID["Cuont"], AttributeError, "does not exist"),
    (lambda d: d.models.Lniear, AttributeError, "does not exist"),
    (lambda d: d.models.Linear.Laso, AttributeError, "does not exist"),
    (
        lambda d: d.model_facet(model="AI_LLM.Classification").hyperparameters(x=1),
        RuntimeError,
        "does not support hyperparameters",
    ),
    (without_parameters, RuntimeError, "does not support parameters"),
    (lambda d: d.app.model.new("m").build(), ValueError, "Model type must be specified"),
    (lambda d: d.cron("* * * * *"), TypeError, "Minute field must be an integer"),
    (lambda d: d.cron("60 * * * *"), ValueError, "Minute field must be an integer between 0 and 59"),
    (lambda d: d.cron("0 1 * *"), ValueError, "Incorrect cron format"),
    (lambda d: d.schedule(name="s", cron="5", start_time="1"), ValueError, "Incorrect cron format"),
    (lambda d: d.app.flow.new("f").definition(7), TypeError, "must be a"),
    (lambda d: d.app.flow.new("f").schedule(7), TypeError, "must be a Schedule"),
    (lambda d: d.app.dataset.new("d").build(), ValueError, "is empty"),
    (lambda d: d.app.dataset.new("d").csv("nowhere.csv").build(), FileNotFoundError, "nowhere.csv"),
    (lambda d: d.app.datasets["x"], RuntimeError, "x"),
    (lambda d: d.app.datasets()["x"], KeyError, "x"),
    (lambda d: d.app.datasets().get_id("x"), KeyError, "x"),
    (namesakes, KeyError, "get_id"),
    (lambda d: d.ikigai.custom_facet.script("x = ="), SyntaxError, "invalid syntax"),
    (lambda d: d.ikigai.custom_facet.script("type X = int"), SyntaxError, ""),
    (lambda d: d.ikigai.custom_facet.script("", arguments={"x": [1]}), ValueError, "list"),
    (lambda d: d.types.find_by_uid("X_999"), KeyError, "not found"),
]

FINE: list[Wrong] = [
    # True passes as a number, and None where a value is not required.
    lambda d: d.model_facet().hyperparameters(alpha=True),
    lambda d: d.facet("IMPORTED", "INPUT").arguments(file_type=None, column_names=None),
    lambda d: d.facet("COUNT", called="c").variables(v="sort").variables(v="output_column_name"),
    lambda d: d.model_facet().hyperparameters(fit_intercept=False),
    lambda d: d.cron(" 59 23 * * 0 "),
]


@pytest.fixture(scope="module")
def desks(platform: LocalPlatform) -> Iterator[list[Desk]]:
    with LocalAccount.fresh(platform) as account, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = [Desk(client, account) for client in (released, ours)]
        yield both
        both[1].ikigai.close()


@pytest.mark.parametrize(("wrong", "kind", "says"), ROWS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_wrong_is_refused_alike(desks: list[Desk], wrong: Wrong, kind: type[Exception], says: str) -> None:
    for desk in desks:
        with pytest.raises(kind) as caught:
            wrong(desk)
        assert says in str(caught.value)


@pytest.mark.parametrize("right", FINE)
def test_what_is_fine_with_one_is_fine_with_the_other(desks: list[Desk], right: Wrong) -> None:
    for desk in desks:
        right(desk)
