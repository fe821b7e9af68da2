"""SELECT: where rows come from, what happens to them, and what the columns are called."""

from __future__ import annotations

from string import ascii_letters

import pytest

from tests.local_cortex.sql_support import EchoCortex, names, new_session, refusal, rows, run

PEOPLE = "(SELECT * FROM VALUES ('kim', 3), ('lee', NULL), ('ann', 1), ('kim', 1) AS t(name, n))"


def test_a_select_without_from_gives_one_row() -> None:
    assert rows("SELECT 1, 'a'") == [(1, "a")]


@pytest.mark.parametrize(
    ("selected", "name"),
    [
        ("current_version()", "CURRENT_VERSION()"),
        ("1 + 1", "1 + 1"),
        ("'abc'", "'ABC'"),
        ("'x' as y", "Y"),
        ("'x' as \"y z\"", "y z"),
        ("a", "A"),
        ("t.a", "A"),
        ("a::int", "A::INT"),
        ("upper( 'a' )", "UPPER( 'A' )"),
        ("$1", "$1"),
    ],
)
def test_a_column_is_called_what_snowflake_calls_it(selected: str, name: str) -> None:
    assert names(f"SELECT {selected} FROM (SELECT 1 AS a) t") == [name]


def test_unquoted_names_are_upper_case_and_quoted_ones_kept() -> None:
    assert rows('SELECT A, "A", "b" FROM (SELECT 1 AS a, 2 AS "b")') == [(1, 1, 2)]
    assert refusal('SELECT b FROM (SELECT 2 AS "b")').code == "000904"


def test_names_that_differ_in_the_case_of_one_letter_are_two() -> None:
    made = ", ".join(f'{number} AS "{name}"' for number, name in enumerate(ascii_letters))
    asked = ", ".join(f'"{name}"' for name in ascii_letters)
    assert rows(f"SELECT {asked} FROM (SELECT {made})") == [tuple(range(52))]


def test_values_are_addressed_by_position_and_by_name() -> None:
    assert rows("SELECT $2, column1 FROM VALUES (1, 'a'), (2, NULL)") == [("a", 1), (None, 2)]


def test_a_generator_makes_numbered_rows() -> None:
    sql = (
        "SELECT ROW_NUMBER() OVER (ORDER BY SEQ8()) - 1 AS id FROM TABLE(GENERATOR(ROWCOUNT => 3))"
    )
    assert rows(sql) == [(0,), (1,), (2,)]


def test_row_numbers_start_again_in_every_partition() -> None:
    sql = (
        f"SELECT name, ROW_NUMBER() OVER (PARTITION BY name ORDER BY n DESC) AS r FROM {PEOPLE} "
        "ORDER BY name, r"
    )
    assert rows(sql) == [("ann", 1), ("kim", 1), ("kim", 2), ("lee", 1)]


def test_where_keeps_rows_for_which_the_condition_is_true() -> None:
    assert rows(f"SELECT name FROM {PEOPLE} WHERE n > 1") == [("kim",)]
    assert rows(f"SELECT name FROM {PEOPLE} WHERE NOT n > 1") == [("ann",), ("kim",)]


def test_null_sorts_as_the_largest_value_unless_told_otherwise() -> None:
    assert [n for (n,) in rows(f"SELECT n FROM {PEOPLE} ORDER BY n")] == [1, 1, 3, None]
    assert [n for (n,) in rows(f"SELECT n FROM {PEOPLE} ORDER BY n DESC")] == [None, 3, 1, 1]
    last = rows(f"SELECT n FROM {PEOPLE} ORDER BY n DESC NULLS LAST")
    assert [n for (n,) in last] == [3, 1, 1, None]


def test_rows_are_ordered_by_position_alias_or_expression() -> None:
    by_position = rows(f"SELECT name, n FROM {PEOPLE} ORDER BY 2 NULLS FIRST, 1 DESC")
    assert by_position == [("lee", None), ("kim", 1), ("ann", 1), ("kim", 3)]
    by_expression = rows(f"SELECT name AS who FROM {PEOPLE} ORDER BY LENGTH(who), n + 0, who")
    assert [who for (who,) in by_expression] == ["ann", "kim", "kim", "lee"]


def test_limit_and_offset_cut_the_rows() -> None:
    assert rows("SELECT * FROM VALUES (1), (2), (3) LIMIT 1 OFFSET 1") == [(2,)]
    assert rows("SELECT TOP 2 * FROM VALUES (1), (2), (3)") == [(1,), (2,)]
    assert rows("SELECT * FROM VALUES (1), (2) FETCH FIRST 1 ROWS ONLY") == [(1,)]
    assert rows("SELECT * FROM VALUES (1), (2) LIMIT NULL") == [(1,), (2,)]


def test_distinct_keeps_the_first_of_equal_rows() -> None:
    assert rows(f"SELECT DISTINCT name FROM {PEOPLE}") == [("kim",), ("lee",), ("ann",)]


def test_aggregates_of_all_rows() -> None:
    asked = "COUNT(*), COUNT(n), SUM(n), MIN(n), MAX(name), AVG(n), COUNT(DISTINCT n)"
    ((*found,),) = rows(f"SELECT {asked} FROM {PEOPLE}")
    assert [str(one) for one in found] == ["4", "3", "5", "1", "lee", "1.666667", "2"]


def test_aggregates_of_no_rows() -> None:
    assert rows("SELECT COUNT(*), SUM(a), MAX(a) FROM (SELECT 1 AS a) WHERE FALSE") == [
        (0, None, None)
    ]


def test_group_by_name_position_alias_or_all() -> None:
    expected = [("ANN", 1), ("KIM", 4), ("LEE", None)]
    for group in ("UPPER(name)", "1", "who", "ALL"):
        sql = f"SELECT UPPER(name) AS who, SUM(n) FROM {PEOPLE} GROUP BY {group} ORDER BY 1"
        assert rows(sql) == expected


def test_having_filters_groups() -> None:
    sql = f"SELECT name FROM {PEOPLE} GROUP BY name HAVING COUNT(*) > 1"
    assert rows(sql) == [("kim",)]


def test_text_and_arrays_are_aggregated() -> None:
    sql = f"SELECT LISTAGG(name, ','), ARRAY_AGG(n), COUNT_IF(n > 1) FROM {PEOPLE}"
    assert rows(sql) == [("kim,lee,ann,kim", "[\n  3,\n  1,\n  1\n]", 1)]


def test_unions_convert_to_a_common_type() -> None:
    assert rows("SELECT 1 AS a UNION ALL SELECT 2.5 UNION ALL SELECT NULL ORDER BY a DESC") == [
        (None,),
        (2.5,),
        (1,),
    ]
    assert rows("SELECT 1 UNION SELECT 1 UNION SELECT 2") == [(1,), (2,)]
    assert refusal("SELECT 1 UNION ALL SELECT 1, 2").code == "001789"


def test_common_table_expressions_can_build_on_one_another() -> None:
    tables = "a AS (SELECT 1 AS x), b(y) AS (SELECT x + 1 FROM a)"
    assert rows(f"WITH {tables} SELECT a.x, (SELECT y FROM b) FROM a") == [(1, 2)]


@pytest.mark.parametrize("word", ["WITH", "WITH RECURSIVE"])
def test_a_recursive_table_is_read_from_anywhere(word: str) -> None:
    r = f"{word} r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r WHERE n < 3)"
    for query in (
        " SELECT SUM(n) FROM r",
        " SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT SUM(n) FROM r)))",
        " SELECT (SELECT SUM(n) FROM (SELECT n FROM (SELECT n FROM r)))",
        ", s AS (SELECT SUM(n) m FROM (SELECT n FROM (SELECT n FROM r))) SELECT m FROM s",
    ):
        assert rows(f"{r}{query}") == [(6,)], query


def test_a_cte_may_have_any_name() -> None:
    for name in ('"my own"', '"select"', '"Mine"'):
        assert rows(f"WITH {name} AS (SELECT 1 AS a) SELECT {name}.a FROM {name}") == [(1,)]


def test_joined_tables_in_brackets_stay_together() -> None:
    inner = "(SELECT 2 AS b) AS two JOIN (SELECT 3 AS c) AS three ON b < c"
    sql = f"SELECT a, b, c FROM (SELECT 1 AS a) AS one LEFT JOIN ({inner}) ON a = b"
    assert rows(sql) == [(1, None, None)]


def test_a_cte_that_is_read_twice_asks_the_model_once() -> None:
    cortex = EchoCortex()
    sql = (
        "WITH a AS (SELECT AI_COMPLETE('m', 'x')::text r) SELECT * FROM a UNION ALL SELECT * FROM a"
    )
    assert rows(sql, cortex=cortex) == [("m: x",), ("m: x",)]
    assert len(cortex.calls) == 1


def test_stars_can_be_qualified_and_thinned() -> None:
    assert rows("SELECT t.*, 3 FROM (SELECT 1 AS a, 2 AS b) t") == [(1, 2, 3)]
    assert rows("SELECT * EXCLUDE (a) FROM (SELECT 1 AS a, 2 AS b)") == [(2,)]


def test_later_expressions_can_use_earlier_aliases() -> None:
    assert rows("SELECT 2 AS a, a * 2 AS b WHERE a > 1") == [(2, 4)]


def test_describing_asks_no_model_and_gives_no_rows() -> None:
    cortex = EchoCortex()
    described = run("SELECT AI_COMPLETE('m', 'x') AS r", cortex=cortex, describe_only=True)
    assert (described.rowset(), [column.name for column in described.columns]) == ([], ["R"])
    assert cortex.calls == []


def test_an_earlier_result_can_be_read_by_its_query_id() -> None:
    session = new_session()
    run("SHOW CORTEX BASE MODELS IN SCHEMA SNOWFLAKE.MODELS", session=session, query_id="q-1")
    sql = 'SELECT "name" FROM TABLE(RESULT_SCAN({})) WHERE "name" LIKE \'CLAUDE%\''
    assert rows(sql.format("'q-1'"), session=session) == [("CLAUDE-HAIKU-4-5",)]
    assert rows(sql.format("LAST_QUERY_ID()"), session=session) == [("CLAUDE-HAIKU-4-5",)]
    assert refusal(sql.format("'q-2'"), session=session).code == "000709"


def test_ten_thousand_rows_are_computed_without_a_model() -> None:
    sql = "SELECT SUM(id + 1) FROM (SELECT SEQ8() AS id FROM TABLE(GENERATOR(ROWCOUNT => 10000)))"
    assert rows(sql) == [(50_005_000,)]
