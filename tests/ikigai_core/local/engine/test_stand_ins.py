"""What the engine does with stand-ins; `control/test_stand_ins.py` orders them as users do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine import registry

pytestmark = pytest.mark.usefixtures("unknown")


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine does not run EDA and S3, whatever it runs."""
    types = [name for name in registry.runnable_facet_types() if name not in ("EDA", "EDA_TIME_SERIES", "S3", "SLACK")]
    monkeypatch.setattr(registry, "runnable_facet_types", lambda: types)


def table(tmp_path: Path, content: str, name: str = "given.csv") -> dict[str, Any]:
    path = tmp_path / name
    path.write_text(content)
    return {"label": name, "path": str(path)}


def stand_in(*sources: dict[str, Any], when: str = "always", **outputs: dict[str, Any]) -> dict[str, Any]:
    return {"when": when, "sources": {**({"": sources[0]} if sources else {}), **outputs}}


def test_a_table_stands_in_for_a_facet_that_the_engine_does_not_run(jobs: Any, tmp_path: Path) -> None:
    facets = [
        jobs.imported("a\n1\n"),
        jobs.facet("MID.EDA_TIME_SERIES", "eda", time_column="a", value_column="a"),
        jobs.exported(),
    ]
    given = {"eda": stand_in(table(tmp_path, "trend,at\n007,2020-01-01\n"))}
    ended = jobs.run(facets, stand_ins=given)
    assert ended.rows() == [["trend", "at"], ["007", "2020-01-01"]]
    assert ended.types()["at"] == "TIME"
    assert ended.stand_ins == ["Eda Time Series 'eda': given.csv"]
    notes = [json.loads(line) for line in (ended.folder / "facets.jsonl").read_text().splitlines()]
    assert [note["stand_in"] for note in notes if "stand_in" in note] == ["given.csv"]


def test_a_stand_in_wins_over_the_engine(jobs: Any, tmp_path: Path) -> None:
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.COUNT", "count", target_columns=["a"]), jobs.exported()]
    assert jobs.run(facets, stand_ins={"count": stand_in(table(tmp_path, "n\n5\n"))}).rows() == [["n"], ["5"]]


def test_a_facet_before_a_table_does_not_have_to_run(jobs: Any, tmp_path: Path) -> None:
    facets = [
        jobs.facet("INPUT.S3", "bucket", connection_name="c", bucket="b", key="k"),
        jobs.facet("MID.COUNT", "count", target_columns=["a"]),
        jobs.exported(),
    ]
    ended = jobs.run(facets, stand_ins={"count": stand_in(table(tmp_path, "n\n5\n"))})
    assert ended.rows() == [["n"], ["5"]]
    alone = jobs.run(facets)
    assert (alone.status, alone.facet_id) == ("FAILED", "bucket")
    assert "does not run facets of this type" in alone.message


def test_each_output_has_a_table(jobs: Any, tmp_path: Path) -> None:
    source, eda = jobs.imported("a\n1\n"), jobs.facet("MID.EDA", "eda")
    alerts, numbers = jobs.exported("alerts", "alerts"), jobs.exported("numbers", "numbers")
    arrows = [
        jobs.arrow(source, eda),
        jobs.arrow(eda, alerts, output_type="alert"),
        jobs.arrow(eda, numbers, output_type="numeric_statistic"),
    ]
    names = {"alert": "alert\nhigh\n", "numeric_statistic": "mean\n1\n"}
    of = {name: table(tmp_path, content, f"{name}.csv") for name, content in names.items()}
    facets = [source, eda, alerts, numbers]
    ended = jobs.run(facets, arrows, stand_ins={"eda": stand_in(**of)})
    tables = {output["dataset_name"]: ended.rows(number) for number, output in enumerate(ended.outputs)}
    assert tables == {"alerts": [["alert"], ["high"]], "numbers": [["mean"], ["1"]]}

    of.pop("alert")
    lacking = jobs.run(facets, arrows, stand_ins={"eda": stand_in(**of)})
    assert "an arrow takes the output 'alert' of it, but its stand-in gives 'numeric_statistic'" in lacking.message


def test_a_function_gets_the_inputs_and_the_arguments(jobs: Any) -> None:
    script = "def both(a, b, arguments):\n    return a.assign(b=b['b'], column=arguments['target_column'])\n"
    function = {"label": "both", "script": script, "function": "both", "takes_arguments": True}
    one, other = jobs.imported("a\n1\n", "one"), jobs.imported("b\n2\n", "other")
    both, sink = jobs.facet("MID.SUBSTITUTE", "both", target_column="x"), jobs.exported()
    ended = jobs.run(
        [one, other, both, sink],
        [jobs.arrow(one, both), jobs.arrow(other, both), jobs.arrow(both, sink)],
        stand_ins={"both": stand_in(function)},
    )
    assert ended.rows() == [["a", "b", "column"], ["1", "2", "x"]]


def test_arguments_beyond_what_is_known_do_not_matter_to_a_stand_in(jobs: Any, tmp_path: Path) -> None:
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.SORT", "sort", order="random"), jobs.exported()]
    assert jobs.run(facets, stand_ins={"sort": stand_in(table(tmp_path, "a\n9\n"))}).rows() == [["a"], ["9"]]
    assert "it takes no argument 'order'" in jobs.run(facets).message


def test_an_output_facet_gives_nothing(jobs: Any) -> None:
    facets = [jobs.imported("a\n1\n"), jobs.facet("OUTPUT.SLACK", "slack", channel="c", message="m")]
    ended = jobs.run(facets, stand_ins={"slack": stand_in()})
    assert (ended.status, ended.stand_ins) == ("SUCCESS", ["Slack 'slack': nothing"])


@pytest.mark.parametrize(
    ("facet_type", "content", "reason"),
    [
        ("MID.EDA", "a,a\n1,2\n", "its stand-in (given.csv): "),
        ("MID.EDA", "", "the table has no header"),
        ("OUTPUT.SLACK", "a\n1\n", "this facet gives no table; let a function take its inputs"),
    ],
)
def test_a_table_that_does_not_suit_is_an_error_of_the_facet(
    jobs: Any, tmp_path: Path, facet_type: str, content: str, reason: str
) -> None:
    arguments = {"channel": "c", "message": "m"} if "SLACK" in facet_type else {}
    facets = [jobs.imported("a\n1\n"), jobs.facet(facet_type, "it", **arguments)]
    facets += [] if "SLACK" in facet_type else [jobs.exported()]
    ended = jobs.run(facets, stand_ins={"it": stand_in(table(tmp_path, content))})
    assert (ended.status, ended.facet_id) == ("FAILED", "it")
    assert reason in ended.message


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a,b\n1\n", "The row in line 2 has 1 value, but the header has 2 values"),
        ("a\n\udcff\n", "UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_an_error_of_the_facet(
    jobs: Any, tmp_path: Path, content: str, problem: str
) -> None:
    path = tmp_path / "given.csv"
    path.write_bytes(content.encode(errors="surrogateescape"))
    given = {"copy": stand_in({"label": "given.csv", "path": str(path)})}
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.COPY", "copy"), jobs.exported()]
    ended = jobs.run(facets, stand_ins=given)
    assert (ended.status, ended.facet_id) == ("FAILED", "copy")
    assert "its stand-in (given.csv): " in ended.message
    assert problem in ended.message


def test_a_substitute_is_used_only_for_what_cannot_be_computed(jobs: Any, tmp_path: Path) -> None:
    given = {"sink": stand_in(table(tmp_path, "n\n5\n"), when="otherwise")}
    source = jobs.imported("a\n1\n2\n")
    computed = jobs.run([source, jobs.facet("MID.COPY", "copy"), jobs.exported()], stand_ins=given)
    assert (computed.rows(), computed.stand_ins) == ([["a"], ["1"], ["2"]], [])

    unknown = jobs.run([source, jobs.facet("MID.EDA", "eda"), jobs.exported()], stand_ins=given)
    assert unknown.rows() == [["n"], ["5"]]
    assert unknown.stand_ins[0].startswith(
        "Exported 'sink': given.csv, since Eda 'eda': the local platform does not run"
    )

    failing = jobs.facet("MID.SORT", "sort", target_columns=["gone"])
    failed = jobs.run([source, failing, jobs.facet("MID.COPY", "copy"), jobs.exported()], stand_ins=given)
    assert failed.rows() == [["n"], ["5"]]
    assert "since Sort 'sort': there is no column 'gone'" in failed.stand_ins[0]


def test_alone_nothing_else_runs(jobs: Any, tmp_path: Path) -> None:
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.SORT", "sort", target_columns=["gone"]), jobs.exported()]
    ended = jobs.run(facets, stand_ins={"sink": stand_in(table(tmp_path, "n\n5\n"), when="alone")})
    assert (ended.status, ended.rows()) == ("SUCCESS", [["n"], ["5"]])


def specs_with(tmp_path: Path, **arguments: Any) -> str:
    """The specs of an account whose Sort has more arguments than ours."""
    from ikigai_core.local.specs import load_facet_specs, load_model_specs

    specs = json.loads(json.dumps({"facet_specs": load_facet_specs(), "model_specs": load_model_specs()}))
    sort = next(group["SORT"] for group in specs["facet_specs"]["MID"].values() if "SORT" in group)
    sort["facet_arguments"] += [{"name": name, "default_value": value} for name, value in arguments.items()]
    path = tmp_path / "specs.json"
    path.write_text(json.dumps(specs))
    return str(path)


@pytest.fixture
def _own_specs_afterwards() -> Any:
    from ikigai_core.local.specs import use_specs

    yield
    use_specs(None)


@pytest.mark.usefixtures("_own_specs_afterwards")
def test_an_argument_that_only_the_account_knows_is_refused_by_name(jobs: Any, tmp_path: Path) -> None:
    specs = specs_with(tmp_path, collation="binary")
    sort = jobs.facet("MID.SORT", "sort", target_columns=["a"], collation="de")
    facets = [jobs.imported("a\n2\n1\n"), sort, jobs.exported()]
    ended = jobs.run(facets, specs=specs)
    assert (ended.status, ended.facet_id) == ("FAILED", "sort")
    assert "Sort 'sort': the local platform does not know its argument 'collation'" in ended.message

    sort["arguments"]["collation"] = "binary"
    assert jobs.run(facets, specs=specs).rows() == [["a"], ["1"], ["2"]]

    sort["arguments"]["collation"] = "de"
    given = {"sort": stand_in(table(tmp_path, "a\n9\n"))}
    assert jobs.run(facets, specs=specs, stand_ins=given).rows() == [["a"], ["9"]]


def test_an_argument_of_an_arrow_that_nothing_knows_is_refused_by_name(jobs: Any) -> None:
    source, sort, sink = jobs.imported("a\n2\n"), jobs.facet("MID.SORT", "sort", target_columns=["a"]), jobs.exported()
    ended = jobs.run([source, sort, sink], [jobs.arrow(source, sort, side="left"), jobs.arrow(sort, sink)])
    assert (ended.status, ended.facet_id) == ("FAILED", "sort")
    assert "does not know the argument 'side' of an arrow into it" in ended.message
