"""Stand-ins for facets, ordered as users do: tables and functions, by type and by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core.local.control import ControlError, LocalControl
from ikigai_core.local.control.functions import function_in_file, function_source
from ikigai_core.local.process import LocalPlatform

# Real ones have arguments that are not known here.
EDA = ("M_044", {"depth": "all"})
FACTOR = 3


@pytest.fixture
def control(api: Any) -> Iterator[LocalControl]:
    yield api.platform.control
    api.platform.control.reset()


@pytest.fixture
def flow(api: Any, app_id: str, definition: Callable[..., Any]) -> str:
    """Imports a and b, explores them, and exports what comes out."""
    return str(api.flow(app_id, definition(api.dataset(app_id), EDA), name="Explore"))


def out(api: Any, app_id: str) -> str:
    content: bytes = api.download(app_id, api.named(app_id, "out")["dataset_id"])
    return content.decode().replace('"', "")


def tripled(data: pd.DataFrame, arguments: dict[str, Any]) -> pd.DataFrame:
    n: pd.Series = data["a"] * FACTOR
    return data.assign(a=helper(n), depth=arguments["depth"])


def helper(values: Any) -> Any:
    return pd.to_numeric(values)


def test_a_table_for_a_type_and_one_for_a_name(
    api: Any, app_id: str, control: LocalControl, flow: str, tmp_path: Path
) -> None:
    pd.DataFrame({"code": ["007"], "n": [1]}).to_parquet(tmp_path / "codes.parquet")
    by_type = control.stand_in("MID.Eda", tmp_path / "codes.parquet")
    log = api.run(app_id, flow)
    assert (log["status"], out(api, app_id)) == ("SUCCESS", "code,n\n007,1\n")
    assert log["message"] == "Stand-ins were used. Eda 'step 1': codes.parquet"
    assert by_type.uses == 1

    with control.stand_in("step 1", b"n\n2\n", flow="Explore") as by_name:
        control.stand_in("MID.EDA", pd.DataFrame({"n": pd.Series([], dtype=int)}))
        api.run(app_id, flow)
        assert (out(api, app_id), by_name.uses, by_type.uses) == ("n\n2\n", 1, 1)
    assert (api.run(app_id, flow)["status"], out(api, app_id)) == ("SUCCESS", "n\n")

    control.reset()
    failed = api.run(app_id, flow)
    assert (failed["status"], failed["erroneous_facet_id"]) == ("FAILED", "id of step 1")
    assert "it takes no argument 'depth'" in failed["message"]


def test_a_function_of_the_inputs_with_what_it_uses(api: Any, app_id: str, control: LocalControl, flow: str) -> None:
    control.stand_in("step 1", tripled)
    log = api.run(app_id, flow)
    assert (log["message"], out(api, app_id)) == (
        "Stand-ins were used. Eda 'step 1': function tripled",
        "a,b,depth\n3,x,all\n6,y,all\n",
    )


def test_stand_ins_for_another_flow_or_user_are_not_used(
    api: Any, app_id: str, control: LocalControl, flow: str
) -> None:
    control.stand_in("MID.EDA", b"a\n1\n", flow="Other")
    control.stand_in("MID.EDA", b"a\n1\n", user="ann@example.com")
    control.stand_in("step 2", b"a\n1\n")
    assert api.run(app_id, flow)["status"] == "FAILED"


def test_what_cannot_stand_in_is_refused_by_name(control: LocalControl, tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"there is no facet type 'MID.EDAA'; did you mean 'MID.EDA'\?"):
        control.stand_in("MID.EDAA", b"a\n1\n")
    with pytest.raises(FileNotFoundError, match=r"the file 'gone.csv' of a stand-in does not exist"):
        control.stand_in("MID.EDA", "gone.csv")
    with pytest.raises(TypeError, match="a stand-in cannot be a int"):
        control.stand_in("MID.EDA", 5)
    with pytest.raises(ValueError, match="write a function with `def`"):
        control.stand_in("MID.EDA", lambda data: data)
    frame = pd.DataFrame({"a": [1]})

    def outside(data: Any) -> Any:
        return frame

    with pytest.raises(ValueError, match="function 'outside' uses 'frame' from outside, a DataFrame"):
        control.stand_in("MID.EDA", outside)
    (tmp_path / "some.py").write_text("def one(data):\n    return data\n")
    with pytest.raises(ValueError, match=r"some.py has no function 'two'; it has: one"):
        control.stand_in("MID.EDA", f"{tmp_path / 'some.py'}:two")


def test_the_source_of_a_function_stands_alone() -> None:
    source = function_source(tripled)
    names: dict[str, Any] = {}
    exec(source.script, names)
    result = names["tripled"](pd.DataFrame({"a": [1]}), {"depth": "all"})
    assert (result["a"].tolist(), result["depth"].tolist(), source.takes_arguments) == ([3], ["all"], True)


def test_a_file_with_a_function_is_not_run_as_a_program(tmp_path: Path) -> None:
    path = tmp_path / "answers.py"
    path.write_text(
        "from __future__ import annotations\n\nimport math\n\n\ndef area(data: Frame):\n    return math.pi\n\n\n"
        "if __name__ == '__main__':\n    raise SystemExit('run')\n"
    )
    path.write_text(path.read_text().replace(": Frame", ""))
    names: dict[str, Any] = {}
    exec(function_in_file(path, "area").script, names)
    assert round(names["area"](None), 2) == 3.14


def test_stand_ins_of_the_start_last(
    connect: Callable[..., Any], definition: Callable[..., Any], tmp_path: Path
) -> None:
    pd.DataFrame({"n": [2]}).to_parquet(tmp_path / "table.parquet")
    (tmp_path / "answers.py").write_text("def answer(data):\n    return data.head(1)\n")
    given = {
        "MID.EDA": tmp_path / "table.parquet",
        "step 2": f"{tmp_path / 'answers.py'}:answer",
        "OUTPUT.SLACK": "none",
    }
    with LocalPlatform.start(stand_ins=given) as platform:
        api = connect(platform)
        app_id = api.app()
        asked = definition(api.dataset(app_id), EDA, ("M_005", {"depth": "all"}))
        asked["facets"].append(
            {"facet_id": "slack", "facet_uid": "O_008", "name": "told", "arguments": {"channel": "c"}}
        )
        asked["arrows"].append({"source": "id of step 1", "destination": "slack", "arguments": {}})
        flow = api.flow(app_id, asked)
        platform.control.reset()
        told = "Eda 'step 1': table.parquet; Describe 'step 2': function answer in answers.py"
        message = api.run(app_id, flow)["message"]
        assert sorted(message.removeprefix("Stand-ins were used. ").split("; ")) == sorted(
            [*told.split("; "), "Slack 'told': nothing"]
        )
        assert out(api, app_id) == "n\n2\n"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"MID.EDAA": "none"}, "there is no facet type 'MID.EDAA'"),
        ({"MID.EDA": "gone.csv"}, "the file 'gone.csv' of a stand-in does not exist"),
        ({"": "none"}, "must have the form FACET=SOURCE"),
    ],
)
def test_a_platform_does_not_start_with_a_stand_in_that_cannot_be(given: dict[str, str], problem: str) -> None:
    with pytest.raises(RuntimeError, match=problem):
        LocalPlatform.start(stand_ins=given)
