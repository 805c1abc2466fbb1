from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_texts, many, names, on_random_tables, transformed

ALL = [COUNT, SHARE, GROUP, WHEN, TEXT]


@many
def test_texts_are_replaced_as_by_pandas(jobs: Any, examples: int) -> None:
    finds = st.sampled_from(["a", "0", ".", "-", "%", "'", '"', "NA", "a b"])

    @on_random_tables(examples, targets=names(ALL), find=finds, replace=st.sampled_from([None, "", "a", "\\0", "$1"]))
    def check(table: Any, targets: list[str], find: str, replace: str | None) -> None:
        facet = jobs.facet("MID.FIND_REPLACE", target_columns=targets, find=find, replace=replace)

        changed = {name: table.texts[name].str.replace(find, replace or "", regex=False) for name in targets or ALL}
        assert_texts(transformed(jobs, table, facet), table.texts.assign(**changed))


def test_types_are_inferred_again(jobs: Any) -> None:
    ended = jobs.transform('x,y\n"1,5",1\n"2,5",2\n', jobs.facet("MID.FIND_REPLACE", find=",", replace="."))

    assert ended.rows() == [["x", "y"], ["1.5", "1"], ["2.5", "2"]]
    assert ended.types() == {"x": "NUMERIC", "y": "NUMERIC"}
