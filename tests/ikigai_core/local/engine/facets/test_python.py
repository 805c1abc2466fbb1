from __future__ import annotations

from typing import Any


def run_python(jobs: Any, script: str, content: str = "n,name\n1,a\n2,b\n", **parameters: Any) -> Any:
    facets = [
        jobs.imported(content),
        jobs.facet("MID.PYTHON", "script", script=script),
        jobs.exported(),
    ]
    return jobs.run(facets, parameters=parameters)


def test_data_goes_in_and_result_comes_out(jobs: Any) -> None:
    ended = run_python(jobs, "result = data.assign(double=data['n'] * 2)")

    assert ended.rows() == [["n", "name", "double"], ["1", "a", "2"], ["2", "b", "4"]]
    assert ended.types() == {"n": "NUMERIC", "name": "TEXT", "double": "NUMERIC"}


def test_a_script_can_be_an_input(jobs: Any) -> None:
    script = "import pandas as pd\nresult = pd.DataFrame({'x': [1, 2], 'y': ['a', None]})"

    ended = jobs.run([jobs.facet("INPUT.PYTHON", "make", script=script), jobs.exported()])

    assert ended.rows() == [["x", "y"], ["1", "a"], ["2", ""]]


def test_a_script_can_be_an_output_that_leaves_nothing(jobs: Any) -> None:
    ended = jobs.run([jobs.imported("a\n1\n"), jobs.facet("OUTPUT.PYTHON", "tell", script="print(data['a'].sum())")])

    assert (ended.status, ended.outputs, ended.printed) == ("SUCCESS", [], "1\n")


def test_inputs_have_the_names_of_their_arrows_and_the_first_is_also_data(jobs: Any) -> None:
    one, two = jobs.imported("a\n1\n", "one"), jobs.imported("a\n2\n", "two")
    script = jobs.facet(
        "MID.PYTHON",
        "script",
        script="import pandas as pd\nassert data is flights\nresult = pd.concat([weather, data])",
    )
    sink = jobs.exported()
    arrows = [
        jobs.arrow(one, script, name="flights"),
        jobs.arrow(two, script, name="weather"),
        jobs.arrow(script, sink),
    ]

    assert jobs.run([one, two, script, sink], arrows).rows() == [["a"], ["2"], ["1"]]


def test_input_names_that_cannot_be(jobs: Any) -> None:
    def message(first: dict[str, str], second: dict[str, str]) -> str:
        one, two = jobs.imported("a\n1\n", "one"), jobs.imported("a\n2\n", "two")
        script, sink = jobs.facet("MID.PYTHON", "script", script="result = data"), jobs.exported()
        arrows = [jobs.arrow(one, script, **first), jobs.arrow(two, script, **second), jobs.arrow(script, sink)]
        ended = jobs.run([one, two, script, sink], arrows)
        assert (ended.status, ended.facet_id) == ("FAILED", "script")
        return str(ended.message)

    assert "input 2 has no name" in message({"name": "a"}, {})
    assert "two of its inputs are called 'a'" in message({"name": "a"}, {"name": "a"})
    assert "two of its inputs are called 'data'" in message({}, {"name": "data"})
    assert "'my data' of an arrow into it is no Python variable's" in message({"name": "my data"}, {"name": "b"})
