"""A question to SQL by words, and the table that it is about."""

from __future__ import annotations

import pytest

from local_cortex.agents.analyst import analyse, choose_table
from local_cortex.database.catalog import Column, Name, Table
from local_cortex.wire.types import TEXT, SqlType

NUMBER = SqlType("FIXED", 38, 0)
SALES = Table(
    name=Name("D", "S", "SALES"),
    columns=(
        Column("ORDER_ID", NUMBER),
        Column("REGION", TEXT),
        Column("AMOUNT", NUMBER),
        Column("UNIT_PRICE", NUMBER),
        Column("도시", TEXT),
    ),
)
FROM = "FROM D.S.SALES"


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("How many orders are there?", f"SELECT COUNT(*) AS COUNT {FROM}"),
        ("주문이 모두 몇 건인가요?", f"SELECT COUNT(*) AS COUNT {FROM}"),
        ("What is the total?", f"SELECT SUM(AMOUNT) AS SUM_AMOUNT {FROM}"),
        ("the average unit price", f"SELECT AVG(UNIT_PRICE) AS AVG_UNIT_PRICE {FROM}"),
        ("가장 비싼 unit price는?", f"SELECT MAX(UNIT_PRICE) AS MAX_UNIT_PRICE {FROM}"),
        (
            "How many are there per region?",
            f"SELECT REGION, COUNT(*) AS COUNT {FROM} "
            "GROUP BY REGION ORDER BY COUNT DESC, REGION LIMIT 10",
        ),
        (
            "top 3 regions",
            f"SELECT REGION, SUM(AMOUNT) AS SUM_AMOUNT {FROM} "
            "GROUP BY REGION ORDER BY SUM_AMOUNT DESC, REGION LIMIT 3",
        ),
        (
            "도시별 amount 합계",
            f'SELECT "도시", SUM(AMOUNT) AS SUM_AMOUNT {FROM} '
            'GROUP BY "도시" ORDER BY SUM_AMOUNT DESC, "도시" LIMIT 10',
        ),
    ],
)
def test_a_question_becomes_a_query(question: str, sql: str) -> None:
    analysis = analyse(question, SALES)

    assert analysis is not None
    assert analysis.sql == sql


def test_a_question_without_a_rule_becomes_none() -> None:
    assert analyse("Why do regions differ?", SALES) is None


def test_nothing_of_the_question_gets_into_the_query() -> None:
    analysis = analyse("total amount by region'; DROP TABLE sales; --", SALES)

    assert analysis is not None
    assert "DROP" not in analysis.sql


def test_a_top_has_no_more_rows_than_a_table_shows() -> None:
    analysis = analyse("top 999 regions", SALES)

    assert analysis is not None
    assert analysis.sql.endswith("LIMIT 100")


@pytest.mark.parametrize("named", ["D.S.SALES", "@d.s.models/sales.yaml", '"SALES"'])
def test_a_table_is_chosen_by_the_name_of_the_view_or_model_file(named: str) -> None:
    assert choose_table(named, "", [SALES]) is SALES


def test_a_table_is_chosen_by_a_word_of_the_description() -> None:
    assert choose_table("", "Everything about sales.", [SALES]) is SALES
    assert choose_table("OTHER", "Everything about orders.", [SALES]) is None
