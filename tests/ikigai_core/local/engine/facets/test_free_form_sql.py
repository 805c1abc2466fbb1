from __future__ import annotations

from typing import Any

import pytest

from .random_tables import COUNT, GROUP, SHARE, WHEN, assert_values, many, on_random_tables, transformed


def asked(jobs: Any, query: str, content: str = "n,x,s,t\n1,2.5,007,2013-01-02\n,,,\n") -> Any:
    return jobs.transform(content, jobs.facet("MID.FREE_FORM_SQL", query=query))


@many
def test_a_query_gives_what_pandas_gives(jobs: Any, examples: int) -> None:
    query = f"""SELECT "{GROUP}", count(*) AS n, sum("Share ""of"" x") AS total, max({WHEN}) AS last
        FROM data WHERE {COUNT} IS NOT NULL GROUP BY "{GROUP}" ORDER BY "{GROUP}" NULLS LAST"""

    @on_random_tables(examples)
    def check(table: Any) -> None:
        grouped = table.values.dropna(subset=[COUNT]).groupby(GROUP, dropna=False)
        expected = grouped.size().rename("n").to_frame()
        expected["total"] = grouped[SHARE].sum(min_count=1)
        expected["last"] = grouped[WHEN].max()
        ended = transformed(jobs, table, jobs.facet("MID.FREE_FORM_SQL", query=query))
        assert_values(ended, expected.reset_index())


def test_all_columns_come_with_their_types_and_texts_stay_texts(jobs: Any) -> None:
    ended = asked(jobs, "SELECT *, '12' AS text, n > 0 AS truth, DATE '2013-01-01' AS day, 0.0/0 AS nothing FROM data;")

    assert ended.message == ""
    assert ended.rows()[1] == ["1", "2.5", "007", "2013-01-02T00:00:00Z", "12", "true", "2013-01-01", ""]
    types = {"n": "NUMERIC", "x": "NUMERIC", "s": "TEXT", "t": "TIME", "text": "TEXT", "truth": "TEXT", "day": "TIME"}
    assert ended.types() == {**types, "nothing": "TEXT"}


def test_long_numbers_stay_numbers(jobs: Any) -> None:
    ended = asked(jobs, "SELECT 9223372036854775807 AS long, sum(n) * 1e20::HUGEINT AS longer, '007' AS t FROM data")

    assert ended.rows()[1][0] == "9223372036854775807"
    assert ended.types() == {"long": "NUMERIC", "longer": "NUMERIC", "t": "TEXT"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_csv('{file}')",
        "SELECT content FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "WITH x AS (SELECT 1) SELECT * FROM x, query('SELECT * FROM ''{file}''')",
        "COPY data TO '{folder}/written.csv'",
        "ATTACH '{folder}/written.db'",
        "EXPORT DATABASE '{folder}/written'",
        "INSTALL httpfs",
        "LOAD icu",
        "SET memory_limit = '9GB'",
        "SELECT current_setting('temp_directory')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_settings",
        "WITH duckdb_settings AS (SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM incoming",
        "SELECT * FROM names",
        "SELECT 1; SELECT 2",
        "DROP TABLE data",
        "PRAGMA database_list",
        "SELECT",
        "",
    ],
)
def test_a_query_reads_its_input_and_nothing_else(jobs: Any, tmp_path: Any, query: str) -> None:
    (tmp_path / "secret.csv").write_text("secret\nhunter2\n")
    ended = asked(jobs, query.format(file=tmp_path / "secret.csv", folder=tmp_path))

    assert ended.status == "FAILED"
    assert "hunter2" not in ended.message
    assert not list(tmp_path.glob("written*"))


@pytest.mark.parametrize(
    ("query", "content", "reason"),
    [
        ("SELECT m FROM data", "n\n1\n", 'the query fails: Binder Error: Referenced column "m" not found'),
        ("SELECT * FROM other", "n\n1\n", "the query reads 'other'; there is only its input, which is called data"),
        ("FROM data", "a,A\n1,2\n", "two columns are called 'A' but for upper and lower case; rename one of them"),
    ],
)
def test_why_a_query_fails_is_told(jobs: Any, query: str, content: str, reason: str) -> None:
    assert reason in asked(jobs, query, content).message


def test_a_query_without_end_is_ended(jobs: Any) -> None:
    endless = "WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT count(*) AS n FROM x"
    facets = [jobs.imported("a\n1\n"), jobs.facet("MID.FREE_FORM_SQL", query=endless), jobs.exported()]

    assert "ran for more than 0.2 seconds and was ended" in jobs.run(facets, parameters={"script_seconds": 0.2}).message
