from __future__ import annotations

from typing import Any

import pytest


def filtered(jobs: Any, variables: dict[str, Any], targets: dict[str, Any], **arguments: Any) -> Any:
    given = {"column_name": "delay", "condition": "greater_than", "value": "60"} | arguments
    facets = [
        jobs.imported("delay\n10\n70\n200\n", "flights"),
        jobs.facet("MID.FILTER", "late", **given),
        jobs.exported("out", "late flights"),
    ]
    return jobs.run(facets, variables=variables, targets=targets)


TARGETS = {
    "min_delay": {"facet_name": "late", "name": "value"},
    "output": {"facet_name": "out", "name": "dataset_name"},
}


def test_run_variables_replace_arguments(jobs: Any) -> None:
    ended = filtered(jobs, {"min_delay": "100", "output": "very late"}, TARGETS)

    assert ended.rows() == [["delay"], ["200"]]
    assert ended.outputs[0]["dataset_name"] == "very late"


def test_without_variables_the_definition_holds(jobs: Any) -> None:
    ended = filtered(jobs, {}, TARGETS)

    assert ended.rows() == [["delay"], ["70"], ["200"]]
    assert ended.outputs[0]["dataset_name"] == "late flights"


def test_a_number_may_stand_for_text(jobs: Any) -> None:
    assert filtered(jobs, {"min_delay": 100}, TARGETS).rows() == [["delay"], ["200"]]


def test_a_variable_can_supply_a_required_argument(jobs: Any) -> None:
    targets = {"column": {"facet_name": "late", "name": "column_name"}}

    assert filtered(jobs, {"column": "delay"}, targets, column_name=None).status == "SUCCESS"


def test_an_unknown_variable_is_an_error_that_offers_the_nearest(jobs: Any) -> None:
    ended = filtered(jobs, {"min_dely": "100"}, TARGETS)

    assert ended.status == "FAILED"
    assert "no variable 'min_dely'; did you mean 'min_delay'?" in ended.message


def test_a_variable_for_a_facet_that_is_gone(jobs: Any) -> None:
    ended = filtered(jobs, {"x": "1"}, {"x": {"facet_name": "lat", "name": "value"}})

    assert ended.status == "FAILED"
    assert "for the facet 'lat', which the flow lacks; did you mean 'late'?" in ended.message


def test_a_variable_for_a_name_that_two_facets_share(jobs: Any) -> None:
    facets = [
        jobs.imported("a\n1\n"),
        jobs.facet("MID.COPY", "same", facet_id="1"),
        jobs.facet("MID.COPY", "same", facet_id="2"),
        jobs.exported(),
    ]

    ended = jobs.run(facets, variables={"x": "1"}, targets={"x": {"facet_name": "same", "name": "value"}})

    assert ended.status == "FAILED"
    assert "2 facets have that name" in ended.message


def test_a_variable_for_a_list(jobs: Any) -> None:
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.SORT", "order", target_columns=["a"]), jobs.exported()]

    ended = jobs.run(facets, variables={"by": "a"}, targets={"by": {"facet_name": "order", "name": "target_columns"}})

    assert (ended.status, ended.facet_id) == ("FAILED", "order")
    assert "only single values can be replaced" in ended.message


def test_a_variable_for_an_argument_that_the_facet_lacks(jobs: Any) -> None:
    ended = filtered(jobs, {"x": "1"}, {"x": {"facet_name": "late", "name": "limit"}})

    assert (ended.status, ended.facet_id) == ("FAILED", "late")
    assert "takes no argument 'limit'" in ended.message


@pytest.mark.parametrize("missing", [None, ""])
def test_a_required_argument_that_is_missing(jobs: Any, missing: str | None) -> None:
    ended = filtered(jobs, {}, {}, column_name=missing)

    assert (ended.status, ended.facet_id) == ("FAILED", "late")
    assert ended.message == "Filter 'late': it needs the argument 'column_name'; set it"


def test_an_unknown_argument_offers_the_nearest(jobs: Any) -> None:
    ended = filtered(jobs, {}, {}, conditon="equals")

    assert (ended.status, ended.facet_id) == ("FAILED", "late")
    assert "takes no argument 'conditon'; did you mean 'condition'?" in ended.message


def test_a_value_outside_the_options(jobs: Any) -> None:
    ended = filtered(jobs, {}, {}, condition="greater")

    assert "argument 'condition' cannot be 'greater'; did you mean 'greater_than'?" in ended.message


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"target_columns": "a"}, "argument 'target_columns' must be a list, not 'a'"),
        ({"target_columns": [{"a": 1}]}, "argument 'target_columns' must be text, not {'a': 1}"),
        ({"target_columns": ["a"], "ascending": "up"}, "argument 'ascending' must be true or false, not 'up'"),
        ({"target_columns": None}, "it needs the argument 'target_columns'"),
    ],
)
def test_a_value_of_another_type(jobs: Any, arguments: dict[str, Any], complaint: str) -> None:
    ended = jobs.transform("a\n1\n", jobs.facet("MID.SORT", "order", **arguments))

    assert (ended.status, ended.facet_id) == ("FAILED", "order")
    assert complaint in ended.message


@pytest.mark.parametrize("value", ["inf", "nan", "1e400", "a", float("inf")])
def test_a_number_is_a_finite_one(jobs: Any, value: Any) -> None:
    ended = jobs.transform("a\n1\n", jobs.facet("MID.SAMPLE", "some", sample_size=value))

    assert f"argument 'sample_size' must be a number, not {value!r}" in ended.message


def test_parts_of_a_map_are_checked(jobs: Any) -> None:
    def renamed(columns: Any) -> str:
        return str(jobs.transform("a\n1\n", jobs.facet("MID.RENAME_COLUMNS", "r", columns=columns)).message)

    assert "lacks the part 'new_name'" in renamed([{"old_name": "a"}])
    assert "has no part 'newname'; did you mean 'new_name'?" in renamed([{"old_name": "a", "newname": "b"}])
    assert "must hold a mapping, not 'a'" in renamed(["a"])
