from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.local.engine import registry


def failure(ended: Any) -> tuple[str, str]:
    assert ended.status == "FAILED"
    return ended.facet_id, ended.message


def test_an_imported_that_feeds_nothing_fails_and_says_what_to_add(jobs: Any) -> None:
    facet_id, message = failure(jobs.run([jobs.imported("a\n1\n", "flights")]))

    assert facet_id == "flights"
    assert message == "Imported 'flights': no facet takes its data; add one after it, such as Exported"


def test_a_facet_without_a_name_is_named_by_type_and_id(jobs: Any) -> None:
    nameless = jobs.facet("MID.SORT", facet_id="31376ee2", target_columns=["a"])

    facet_id, message = failure(jobs.run([jobs.imported("a\n1\n"), nameless]))

    assert facet_id == "31376ee2"
    assert message.startswith("Sort (facet 31376ee2): no facet takes its data")


def test_too_few_parents(jobs: Any) -> None:
    source, union, sink = jobs.imported("a\n1\n"), jobs.facet("MID.UNION", "both"), jobs.exported()

    facet_id, message = failure(jobs.run([source, union, sink]))

    assert facet_id == "both"
    assert message.startswith("Union 'both': it needs exactly 2 inputs, but it has 1;")


def test_no_parent(jobs: Any) -> None:
    facet_id, message = failure(jobs.run([jobs.exported("out")]))

    assert facet_id == "out"
    assert "needs exactly 1 input, but it has none" in message


def test_too_many_parents(jobs: Any) -> None:
    one, two = jobs.imported("a\n1\n", "one"), jobs.imported("a\n1\n", "two")
    sink = jobs.exported("out")

    facet_id, message = failure(jobs.run([one, two, sink], [jobs.arrow(one, sink), jobs.arrow(two, sink)]))

    assert facet_id == "out"
    assert "takes exactly 1 input, but it has 2" in message
    assert "Union" in message


def test_a_child_of_an_output_facet(jobs: Any) -> None:
    facets = [jobs.imported("a\n1\n"), jobs.exported("out"), jobs.exported("again")]

    facet_id, message = failure(jobs.run(facets))

    assert facet_id == "out"
    assert "no facet can come after it" in message


def test_a_circle_is_named_by_its_facets(jobs: Any) -> None:
    source, sink = jobs.imported("a\n1\n"), jobs.exported()
    one, two = jobs.facet("MID.PYTHON", "one", script="result = data"), jobs.facet("MID.COPY", "two")
    arrows = [jobs.arrow(source, one), jobs.arrow(one, two), jobs.arrow(two, one), jobs.arrow(two, sink)]

    facet_id, message = failure(jobs.run([source, one, two, sink], arrows))

    assert facet_id in {"one", "two"}
    assert "circle" in message
    assert "Python 'one' -> Copy 'two'" in message


def test_an_arrow_to_nowhere_is_blamed_on_the_facet_at_its_other_end(jobs: Any) -> None:
    source, sink = jobs.imported("a\n1\n", "flights"), jobs.exported()
    arrows = [jobs.arrow(source, sink), {"source": "flights", "destination": "gone", "arguments": {}}]

    facet_id, message = failure(jobs.run([source, sink], arrows))

    assert facet_id == "flights"
    assert "Imported 'flights'" in message
    assert "destination the facet 'gone'" in message


def test_an_arrow_into_an_input_facet_carries_nothing_and_is_tolerated(jobs: Any) -> None:
    one, two = jobs.imported("a\n1\n", "one"), jobs.imported("a\n2\n", "two")
    union, sink = jobs.facet("MID.UNION", "union", option="full"), jobs.exported()
    arrows = [
        jobs.arrow(one, two),
        jobs.arrow(one, union, table_side="top"),
        jobs.arrow(two, union, table_side="bottom"),
        jobs.arrow(union, sink),
    ]

    ended = jobs.run([one, two, union, sink], arrows)

    assert ended.rows() == [["a"], ["1"], ["2"]]


def test_an_unknown_facet_uid_is_named(jobs: Any) -> None:
    facet_id, message = failure(
        jobs.run_definition({"facets": [{"facet_id": "7", "facet_uid": "M_999", "name": "mine", "arguments": {}}]})
    )

    assert facet_id == "7"
    assert message.startswith("Facet 'mine' (7): there is no facet type with uid 'M_999'")


def test_two_facets_of_one_id(jobs: Any) -> None:
    facet_id, message = failure(jobs.run([jobs.exported("a", facet_id="x"), jobs.exported("b", facet_id="x")]))

    assert facet_id == "x"
    assert "same facet_id" in message


def test_a_facet_that_the_engine_lacks_fails_before_anything_runs(jobs: Any) -> None:
    script = "raise SystemExit('this must not run')"
    facets = [
        jobs.facet("INPUT.PYTHON", "first", script=script),
        jobs.facet("MID.AI_PLAN", "plan", model_name="m"),
        jobs.exported(),
    ]

    facet_id, message = failure(jobs.run(facets))

    assert facet_id == "plan"
    assert message.startswith("Ai Plan 'plan': the local platform does not run it: ")


def test_a_facet_type_without_a_module_is_told_with_those_that_run(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "runnable_facet_types", lambda: ["IMPORTED", "FREE_FORM_SQL"])

    facet_id, message = failure(jobs.run([jobs.imported("a\n1\n"), jobs.exported()]))

    assert facet_id == "sink"
    assert (
        "the local platform does not run facets of this type; it runs: Imported, Free Form Sql. A stand-in" in message
    )


def test_facets_run_in_the_order_of_their_arrows_not_of_the_definition(jobs: Any) -> None:
    source, sink = jobs.imported("a\n2\n1\n"), jobs.exported()
    sort = jobs.facet("MID.SORT", "sort", target_columns=["a"])

    ended = jobs.run([sink, sort, source], [jobs.arrow(sort, sink), jobs.arrow(source, sort)])

    assert ended.rows() == [["a"], ["1"], ["2"]]
