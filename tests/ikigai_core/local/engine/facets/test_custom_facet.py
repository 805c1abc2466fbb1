from __future__ import annotations

from typing import Any

import pytest

ARGUMENTS = [
    {"name": "factor", "type": "float", "value": 2.5},
    {"name": "times", "type": "int", "value": 3},
    {"name": "loud", "type": "bool", "value": False},
    {"name": "word", "type": "str", "value": ""},
    {"name": "input-1", "type": "str", "value": "no name of a variable"},
]
TELL = "import pandas as pd\nresult = pd.DataFrame({'told': [repr((factor, times, loud, word))]})"


def custom(jobs: Any, given: list[dict[str, Any]], script: str = TELL, arguments: Any = None) -> Any:
    facet = jobs.facet("MID.CUSTOM_FACET", "mine", custom_facet_id="it", arguments=given)
    content = {"script": script, "libraries": ["pandas==1.5.2"], "arguments": arguments or ARGUMENTS}
    return jobs.run([jobs.imported("a\n1\n"), facet, jobs.exported()], custom_facets={"mine": content})


def given(**values: Any) -> list[dict[str, Any]]:
    types = {bool: "BOOLEAN", str: "TEXT"}
    return [{"name": name, "value": value, "type": types.get(type(value), "NUMBER")} for name, value in values.items()]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, (2.5, 3, False, "")),
        ({"factor": 4, "times": 5.0, "loud": True, "word": "False"}, (4.0, 5, True, "False")),
        ({"factor": "0.5", "times": "7", "loud": "False", "word": "x"}, (0.5, 7, False, "x")),
    ],
)
def test_each_argument_is_a_variable_of_its_declared_type(jobs: Any, values: Any, told: tuple[Any, ...]) -> None:
    assert custom(jobs, given(**values)).rows() == [["told"], [repr(told)]]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"times": 2.5}, "argument 'times' of its script must be of type int, not 2.5"),
        ({"factor": "many"}, "argument 'factor' of its script must be of type float, not 'many'"),
        ({"loud": 1}, "argument 'loud' of its script must be of type bool, not 1"),
        ({"factr": 1}, "its script takes no argument 'factr'; did you mean 'factor'?"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(jobs: Any, values: dict[str, Any], says: str) -> None:
    ended = custom(jobs, given(**values))
    assert (ended.status, ended.facet_id) == ("FAILED", "mine")
    assert says in ended.message


def test_an_argument_without_a_default_has_to_be_set(jobs: Any) -> None:
    arguments = [{"name": "factor", "type": "float", "value": None}]
    script = "result = data * factor"
    assert "argument 'factor' of its script has no default; set it" in custom(jobs, [], script, arguments).message
    assert custom(jobs, given(factor=1.5), script, arguments).rows() == [["a"], ["1.5"]]


def test_an_argument_does_not_hide_the_data(jobs: Any) -> None:
    arguments = [{"name": "data", "type": "int", "value": 1}]
    message = custom(jobs, [], "result = data", arguments).message
    assert "an input and an argument of the script are both called 'data'" in message


def test_it_can_be_an_input_and_an_output(jobs: Any) -> None:
    make = jobs.facet("INPUT.CUSTOM_FACET", "make", custom_facet_id="it")
    tell = jobs.facet("OUTPUT.CUSTOM_FACET", "tell", custom_facet_id="other")
    size = {"name": "size", "type": "int", "value": 2}
    script = "import pandas as pd\nresult = pd.DataFrame({'n': range(size)})"
    contents = {
        "make": {"script": script, "libraries": [], "arguments": [size]},
        "tell": {"script": "print(len(data))", "libraries": [], "arguments": []},
    }
    ended = jobs.run([make, tell], custom_facets=contents)
    assert (ended.status, ended.printed) == ("SUCCESS", "2\n")


def test_the_problem_with_a_custom_facet_is_the_runs(jobs: Any) -> None:
    facet = jobs.facet("INPUT.CUSTOM_FACET", "make", custom_facet_id="it")
    ended = jobs.run([facet, jobs.exported()], custom_facets={"make": {"problem": "there is none"}})
    assert (ended.status, ended.facet_id) == ("FAILED", "make")
    assert ended.message == "Custom Facet 'make': there is none"
