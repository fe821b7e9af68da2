"""Cortex Search as programs use it: SQL, snowflake.core, plain HTTP and SEARCH_PREVIEW."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_cortex import LocalCortex
from local_cortex.faults import Refusal
from local_cortex.search import search
from local_cortex.search.service import SearchService, read
from local_cortex.sql import SqlServer, Workers, bounds
from tests.local_cortex.sql_support import EchoCortex, database_of, new_session, run

REVIEWS = """
(1, 'The thermal gloves kept my hands warm all winter', 'en', 5, '2026-01-10', ['warm']),
(2, 'The helmet strap broke after one week', 'en', 1, '2026-02-01', ['broken', 'helmet']),
(3, '장갑이 얇아서 겨울에는 손이 시렸습니다', 'ko', 2, '2026-03-01', ['cold']),
(4, '헬멧 끈이 일주일 만에 끊어졌어요', 'ko', 1, '2026-04-01', ['broken', 'helmet']),
(5, NULL, 'ko', NULL, NULL, NULL)
"""
PATH = "/api/v2/databases/shop/schemas/raw/cortex-search-services/{}:query"
Ask = Callable[..., Any]


def root(session: Session) -> Any:
    # A second to import: not for every worker that collects this file.
    from snowflake.core import Root

    return Root(session)


@pytest.fixture(scope="module")
def shop(cortex: LocalCortex) -> Iterator[Session]:
    session = cortex.session()
    for sql in (
        "CREATE OR REPLACE DATABASE shop",
        "CREATE SCHEMA shop.raw",
        "CREATE TABLE reviews (id INT, text STRING, lang STRING, stars INT, day DATE, tags ARRAY)",
        f"INSERT INTO reviews SELECT * FROM VALUES {REVIEWS}",
        "CREATE CORTEX SEARCH SERVICE found ON text PRIMARY KEY (id) "
        "ATTRIBUTES lang, stars, day, tags WAREHOUSE = wh TARGET_LAG = '1 hour' "
        "EMBEDDING_MODEL = 'snowflake-arctic-embed-l-v2.0' COMMENT = 'what they say' "
        "AS (SELECT * FROM reviews)",
    ):
        session.sql(sql).collect()
    yield session
    session.sql("DROP DATABASE shop").collect()
    session.close()


@pytest.fixture(scope="module")
def ids(shop: Session) -> Ask:
    """Search with snowflake.core and return the ids of the rows."""
    service = root(shop).databases["shop"].schemas["raw"].cortex_search_services["found"]

    def ask(query: str, **more: Any) -> list[Any]:
        return [row["id"] for row in service.search(query, columns=["id"], **more).results]

    return ask


def refused(session: Session, sql: str) -> str:
    with pytest.raises(SnowparkSQLException) as error:
        session.sql(sql).collect()
    return str(error.value)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("warm gloves for winter", 1),
        ("Did the helmet break?", 2),
        ("겨울에 장갑을 끼면 손이 시린가요?", 3),
        ("끊어진 헬멧끈", 4),
    ],
)
def test_the_row_that_answers_a_question_comes_first(ids: Ask, query: str, best: int) -> None:
    assert ids(query)[0] == best


def test_as_many_rows_come_as_are_asked_for_and_rows_in_which_nothing_fits_come_last(
    ids: Ask,
) -> None:
    assert ids("helmet", limit=2)[0] == 2
    assert len(ids("helmet", limit=2)) == 2
    assert sorted(ids("zzz")) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"@eq": {"lang": "ko"}}, {3, 4, 5}),
        ({"@eq": {"LANG": "en"}}, {1, 2}),
        ({"@eq": {"stars": 1}}, {2, 4}),
        ({"@contains": {"tags": "helmet"}}, {2, 4}),
        ({"@gte": {"day": "2026-02-01"}}, {2, 3, 4}),
        ({"@lte": {"stars": 2}}, {2, 3, 4}),
        ({"@and": [{"@eq": {"lang": "ko"}}, {"@gte": {"stars": 2}}]}, {3}),
        ({"@or": [{"@eq": {"stars": 5}}, {"@eq": {"stars": 2}}]}, {1, 3}),
        ({"@not": {"@eq": {"lang": "ko"}}}, {1, 2}),
        ({"@primarykey": [{"id": 1}, {"id": 4}]}, {1, 4}),
        ({}, {1, 2, 3, 4, 5}),
    ],
)
def test_a_filter_lets_only_its_rows_pass(ids: Ask, filter_: Any, expected: set[int]) -> None:
    assert set(ids("helmet", filter=filter_)) == expected


def test_a_result_calls_its_columns_as_they_were_asked_for_and_has_its_scores(
    shop: Session,
) -> None:
    service = root(shop).databases["SHOP"].schemas["RAW"].cortex_search_services["FOUND"]
    (row,) = service.search("helmet strap", columns=["text", "TAGS", "day"], limit=1).results
    assert row["text"] == "The helmet strap broke after one week"
    assert (row["TAGS"], row["day"]) == (["broken", "helmet"], "2026-02-01")
    assert set(row["@scores"]) == {"cosine_similarity", "text_match"}
    assert row["@scores"]["text_match"] > 0
    (alone,) = service.search("helmet strap", limit=1).results
    assert set(alone) == {"TEXT", "@scores"}


def test_rows_are_found_from_the_statement_on_that_inserts_them(shop: Session) -> None:
    shop.sql("CREATE TABLE news (t STRING)").collect()
    shop.sql("CREATE CORTEX SEARCH SERVICE fresh ON t AS SELECT * FROM news").collect()
    service = root(shop).databases["shop"].schemas["raw"].cortex_search_services["fresh"]
    assert service.search("snow").results == []
    shop.sql("INSERT INTO news VALUES ('snow at last')").collect()
    assert [row["T"] for row in service.search("snow").results] == ["snow at last"]


def test_what_is_not_committed_is_found_by_nobody_else(shop: Session, cortex: LocalCortex) -> None:
    shop.sql("CREATE OR REPLACE TABLE drafts (t STRING)").collect()
    shop.sql("CREATE CORTEX SEARCH SERVICE kept ON t AS SELECT * FROM drafts").collect()
    preview = "SELECT SNOWFLAKE.CORTEX.SEARCH_PREVIEW('shop.raw.kept', '{\"query\": \"a\"}')"
    shop.sql("BEGIN").collect()
    shop.sql("INSERT INTO drafts VALUES ('a draft')").collect()
    assert "a draft" in shop.sql(preview).collect()[0][0]
    other = cortex.session()
    assert "a draft" not in other.sql(preview).collect()[0][0]
    shop.sql("ROLLBACK").collect()
    assert "a draft" not in shop.sql(preview).collect()[0][0]
    other.close()


def test_names_with_quotes_are_searched_as_snowflake_core_writes_them(shop: Session) -> None:
    shop.sql('CREATE SCHEMA shop."My "".docs"').collect()
    shop.sql(
        """CREATE CORTEX SEARCH SERVICE shop."My "".docs"."a service" ON "the text"
        AS SELECT 'here it is' AS "the text" """
    ).collect()
    schema = root(shop).databases["shop"].schemas['"My "".docs"']
    service = schema.cortex_search_services['"a service"']
    assert service.search("x", columns=["the text"]).results[0]["the text"] == "here it is"
    shop.use_schema("shop.raw")


def test_show_and_describe_tell_what_was_made(shop: Session) -> None:
    (shown,) = shop.sql("SHOW CORTEX SEARCH SERVICES LIKE 'found' IN SCHEMA shop.raw").collect()
    (described,) = shop.sql("DESC CORTEX SEARCH SERVICE shop.raw.found").collect()
    for row in (shown, described):
        assert (row["name"], row["search_column"], row["comment"]) == (
            *("FOUND", "TEXT"),
            "what they say",
        )
        assert row["attribute_columns"] == "LANG,STARS,DAY,TAGS"
        assert row["columns"] == "ID,TEXT,LANG,STARS,DAY,TAGS"
        assert row["target_lag"] == "1 hour"
        assert row["source_data_num_rows"] == 5
        assert row["definition"] == "(SELECT * FROM reviews)"


def test_a_service_is_made_once_replaced_and_dropped(shop: Session) -> None:
    shop.use_schema("shop.raw")
    make = "CORTEX SEARCH SERVICE {}one ON t AS SELECT 'a' AS t"
    shop.sql(f"CREATE {make.format('')}").collect()
    assert "002002" in refused(shop, f"CREATE {make.format('')}")
    shop.sql(f"CREATE {make.format('IF NOT EXISTS ')}").collect()
    shop.sql(f"CREATE OR REPLACE {make.format('')}").collect()
    shop.sql("ALTER CORTEX SEARCH SERVICE one REFRESH").collect()
    shop.sql("DROP CORTEX SEARCH SERVICE one").collect()
    assert "002003" in refused(shop, "DROP CORTEX SEARCH SERVICE one")
    shop.sql("DROP CORTEX SEARCH SERVICE IF EXISTS one").collect()


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("ON nope AS SELECT 'a' AS t", "invalid identifier 'NOPE'"),
        ("ON t ATTRIBUTES nope AS SELECT 'a' AS t", "invalid identifier 'NOPE'"),
        ("ON t AS SELECT 1 AS t", "must be of type TEXT"),
        ("ON t AS SELECT * FROM nowhere", "'NOWHERE' does not exist"),
        ("ON t AS SELECT nope FROM reviews", "invalid identifier 'NOPE'"),
        ("ON t AS DELETE FROM reviews", "over anything but a query"),
        ("ON t EMBEDDING_MODEL = 'nope' AS SELECT 'a' AS t", "'EMBEDDING_MODEL'"),
        ("ON t COLOUR = 1 AS SELECT 'a' AS t", "unexpected 'COLOUR'"),
        ("ON t", "unexpected '<EOF>'"),
        ("TEXT INDEXES (t) AS SELECT 'a' AS t", "Name one search column with ON"),
        (
            "ON t AS SELECT 'a' AS t FROM TABLE(GENERATOR(ROWCOUNT => 5001))",
            f"Local Cortex allows {bounds.MAX_SEARCH_ROWS:,}",
        ),
        ("ON t AS SELECT REPEAT('a', 1000001) AS t", f"{bounds.MAX_SEARCH_CHARS:,}"),
    ],
)
def test_a_service_that_cannot_be_made_says_why(shop: Session, rest: str, told: str) -> None:
    shop.use_schema("shop.raw")
    assert told in refused(shop, f"CREATE CORTEX SEARCH SERVICE broken {rest}")
    assert shop.sql("SHOW CORTEX SEARCH SERVICES LIKE 'broken'").collect() == []
    assert shop.table("reviews").count() == 5


def test_a_service_whose_table_is_gone_says_so(shop: Session) -> None:
    shop.sql("CREATE OR REPLACE TABLE shop.raw.brief (t STRING)").collect()
    shop.sql(
        "CREATE CORTEX SEARCH SERVICE shop.raw.orphan ON t AS SELECT * FROM shop.raw.brief"
    ).collect()
    shop.sql("DROP TABLE shop.raw.brief").collect()
    service = root(shop).databases["shop"].schemas["raw"].cortex_search_services["orphan"]
    from snowflake.core.exceptions import APIError

    with pytest.raises(APIError, match="BRIEF' does not exist"):
        service.search("a")


def test_services_beyond_the_limit_are_refused(
    shop: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_cortex.search.service.MAX_SEARCH_SERVICES", 1)
    told = refused(shop, "CREATE CORTEX SEARCH SERVICE shop.raw.more ON t AS SELECT 'a' AS t")
    assert "Drop some." in told


# --- SEARCH_PREVIEW ---


def test_search_preview_gives_the_same_rows_as_json_text(shop: Session) -> None:
    asked = json.dumps({"query": "helmet", "columns": ["id"], "filter": {"@eq": {"lang": "en"}}})
    sql = f"""SELECT f.value:id::INT AS id FROM TABLE(FLATTEN(INPUT => PARSE_JSON(
        SNOWFLAKE.CORTEX.SEARCH_PREVIEW('shop.raw.found', $${asked}$$)):results)) f"""
    assert [row["ID"] for row in shop.sql(sql).collect()] == [2, 1]
    sql = "SELECT PARSE_JSON(SNOWFLAKE.CORTEX.SEARCH_PREVIEW(?, ?))['results'][0]['id'] AS id"
    assert shop.sql(sql, params=["shop.raw.found", asked]).collect()[0]["ID"] == "2"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("""'shop.raw.nope', '{"query": "a"}'""", "404 'Cortex Search service 'SHOP.RAW.NOPE'"),
        ("""'shop.raw.found', '{}'""", "400 'Exactly one of 'query'"),
        ("""'shop.raw.found', '[1]'""", "400"),
        ("""'shop.raw.found', 'nope'""", "a JSON object"),
        ("""'a "b', '{"query": "a"}'""", "a service's name"),
        ("""'shop.raw.found', text""", "need to be constant"),
    ],
)
def test_search_preview_says_what_is_wrong(shop: Session, arguments: str, told: str) -> None:
    sql = f"SELECT SNOWFLAKE.CORTEX.SEARCH_PREVIEW({arguments}) FROM shop.raw.reviews"
    assert told in refused(shop, sql)


def test_search_preview_ends_at_300_kb_with_whole_results(shop: Session) -> None:
    shop.sql(
        "CREATE OR REPLACE CORTEX SEARCH SERVICE shop.raw.wide ON t AS SELECT 'a' AS t, "
        "REPEAT('한', 50000) AS wide FROM TABLE(GENERATOR(ROWCOUNT => 5))"
    ).collect()
    asked = '{"query": "a", "columns": ["wide"]}'
    sql = f"SELECT SNOWFLAKE.CORTEX.SEARCH_PREVIEW('shop.raw.wide', '{asked}')"
    text = shop.sql(sql).collect()[0][0]
    assert len(text.encode()) < 300_000
    assert len(json.loads(text)["results"]) == 1


# --- plain HTTP ---


@pytest.fixture
def post(shop: Session, cortex: LocalCortex, http: Callable[..., httpx.Client]) -> Ask:
    client = http(cortex)
    return lambda body, name="found": client.post(PATH.format(name), json=body)


def nested(depth: int) -> Any:
    filter_: Any = {"@eq": {"lang": "en"}}
    for _ in range(depth):
        filter_ = {"@not": filter_}
    return filter_


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "Exactly one of 'query' or 'multi_index_query' must be specified."),
        ({"query": 1}, "Exactly one of 'query'"),
        ({"query": "a", "columns": ["nope"]}, "columns: 'nope'"),
        ({"query": "a", "columns": "id"}, "columns must be a list"),
        ({"multi_index_query": {"text": [{"text": "a"}]}}, "multi_index_query"),
        ({"query": "a", "scoring_config": {"weights": {"texts": 1}}}, "scoring_config"),
        ({"query": "a", "filter": {"@eq": {"text": "a"}}}, "'text' is not among the ATTRIBUTES"),
        ({"query": "a", "filter": {"@like": {"lang": "a"}}}, "unknown operator '@like'"),
        ({"query": "a", "filter": {"@eq": {"lang": 1}}}, "'1' is not of the column's type"),
        ({"query": "a", "filter": {"@gte": {"day": "soon"}}}, "'soon' is not of the column's type"),
        ({"query": "a", "filter": {"@eq": "lang"}}, "an object of one column"),
        ({"query": "a", "filter": {"@and": []}}, "@and takes a list"),
        ({"query": "a", "filter": [1]}, "an object of one operator"),
        ({"query": "a", "filter": {"@primarykey": {"lang": "en"}}}, "PRIMARY KEY"),
        ({"query": "a", "filter": {"@primarykey": {}}}, "filter: @primarykey takes ID"),
        ({"query": "a", "filter": {"@contains": {"lang": "en"}}}, "of type ARRAY"),
        ({"query": "a", "filter": nested(100)}, "filter: Local Cortex allows"),
        ({"query": "a", "filter": {"@or": [nested(0)] * 1000}}, "filter: Local Cortex allows"),
    ],
)
def test_a_wrong_request_is_refused_by_the_name_of_its_field(
    post: Ask, body: dict[str, Any], told: str
) -> None:
    answer = post(body)
    assert answer.status_code == 400
    assert told in answer.json()["message"]
    assert answer.json()["request_id"]


def test_a_request_that_names_no_limit_asks_for_ten_rows() -> None:
    assert read({"query": "helmet"}).limit == 10


def test_a_service_that_is_not_there_is_404(shop: Session, post: Ask) -> None:
    assert post({"query": "a"}, name="nope").status_code == 404
    service = root(shop).databases["shop"].schemas["raw"].cortex_search_services["nope"]
    from snowflake.core.exceptions import NotFoundError

    with pytest.raises(NotFoundError):
        service.search("a")


def test_a_search_needs_a_token(cortex: LocalCortex, http: Callable[..., httpx.Client]) -> None:
    answer = http(cortex, "Bearer wrong").post(PATH.format("found"), json={"query": "a"})
    assert answer.status_code == 401


def test_leaving_out_the_reranker_changes_nothing(post: Ask) -> None:
    body = {"query": "helmet", "columns": ["id"]}
    plain = post(body).json()["results"]
    assert post(body | {"scoring_config": {"reranker": "none"}}).json()["results"] == plain


# --- from Python ---


def test_an_agent_searches_from_python() -> None:
    session = new_session()
    run("CREATE TABLE reviews AS SELECT 'the helmet strap broke' AS text", session=session)
    run("CREATE CORTEX SEARCH SERVICE found ON text AS SELECT * FROM reviews", session=session)

    async def ask(service: str) -> list[dict[str, Any]]:
        server = SqlServer(database_of(session), Workers(), EchoCortex())
        return await search(server, service, {"query": "helmet"}, session)

    assert asyncio.run(ask("found"))[0]["TEXT"] == "the helmet strap broke"
    with pytest.raises(Refusal, match="NOPE' does not exist"):
        asyncio.run(ask("nope"))


def test_an_index_is_made_again_only_for_rows_that_differ() -> None:
    session = new_session()
    run("CREATE TABLE reviews AS SELECT 'a' AS text", session=session)
    run("CREATE CORTEX SEARCH SERVICE found ON text AS SELECT * FROM reviews", session=session)
    catalog = database_of(session).catalog
    (service,) = catalog.seen(SearchService, 0)
    preview = "SELECT SNOWFLAKE.CORTEX.SEARCH_PREVIEW('found', '{\"query\": \"a\"}')"
    first = service.kept[0].index
    run("CREATE TABLE other (a INT)", session=session)
    run(preview, session=session)
    assert service.kept[0].index is first
    run("INSERT INTO reviews VALUES ('b')", session=session)
    run(preview, session=session)
    assert service.kept[0].index is not first
