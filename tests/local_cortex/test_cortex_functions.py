"""The Cortex functions of SQL on a real DuckDB connection, with the real scripted engine."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import duckdb
import pytest
from sqlglot import exp, parse_one

from local_cortex.ai import asking, work
from local_cortex.ai import cortex_functions as cortex
from local_cortex.ai.late import late
from local_cortex.ai.sql_cortex import SqlCortex
from local_cortex.cortex import Cortex
from local_cortex.engines import EngineError, Message, Usage
from local_cortex.engines.scripted import ScriptedEngine
from local_cortex.sql.sql_error import SqlError

M = "'llama3.1-8b'"


class Echo:
    """Answers with the prompt; counts what is asked, and how much of it at once."""

    def __init__(self, *, inactive: bool = False) -> None:
        self.inactive_account = inactive
        self.asked: list[str] = []
        self.running = self.most_running = 0

    async def complete(
        self, model: str, messages: tuple[Message, ...], options: Mapping[str, object]
    ) -> tuple[str, Usage]:
        await self._count(messages[-1].content)
        if model == "unknown":
            raise EngineError(400, 'unknown model "unknown"')
        return (f"{model}: {messages[-1].content}", Usage(3, 5))

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        await self._count(name)
        return name == "decide" and "no" not in arguments["text"]

    async def _count(self, what: str) -> None:
        self.asked.append(what)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1

    def base_models(self) -> Any:
        raise NotImplementedError

    def streams(self) -> Any:
        raise NotImplementedError


class Statement:
    """An execution as the functions see it, on a DuckDB connection that registers them once."""

    connection: duckdb.DuckDBPyConnection
    current: Statement

    def __init__(self, model: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.cortex = model
        self.loop = loop
        self.stopped = False
        self.failure: BaseException | None = None
        self.charged = 0
        self.waits = 0
        Statement.current = self

    def charge_ai_calls(self, calls: int) -> None:
        self.charged += calls

    @contextmanager
    def waiting(self) -> Iterator[None]:
        self.waits += 1
        yield

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run DuckDB's SQL in which Cortex functions are called as in Snowflake's."""

        def called(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
                *path, node = node.flatten()
                name = ".".join([*(part.name for part in path), node.name]).upper()
            elif isinstance(node, exp.AIAgg | exp.AIClassify | exp.AIEmbed | exp.AISummarizeAgg):
                name = node.sql_name()
            else:
                name = node.name.upper() if isinstance(node, exp.Anonymous) else ""
            if name not in cortex.FUNCTIONS:
                return node
            given = node.expressions or [node.this, node.args.get("expression")]
            given = [one for one in given if one is not None]
            if isinstance(node, exp.AIClassify):
                given = [node.this, node.args["categories"]]
            given = [one.transform(called) for one in given]
            named = {one.name: one.expression for one in given if isinstance(one, exp.Kwarg)}
            return cortex.call(
                name, [one for one in given if not isinstance(one, exp.Kwarg)], named
            )

        tree = late(parse_one(sql, dialect="snowflake").transform(called))
        translated = tree.sql("duckdb").replace("$EXECUTION", "1")
        try:
            rows: list[tuple[Any, ...]] = self.connection.execute(translated).fetchall()
        except duckdb.Error:
            if self.failure is None:
                raise
            raise self.failure from None
        return rows

    def value(self, expression: str) -> Any:
        ((only,),) = self.rows(f"SELECT {expression}")
        return only

    def document(self, expression: str) -> Any:
        found = self.value(expression)
        return json.loads(found) if isinstance(found, str) else found


@pytest.fixture(scope="module", autouse=True)
def _connection() -> Iterator[None]:
    with duckdb.connect(config={"threads": 1}) as Statement.connection:
        asking.register(Statement.connection, lambda _: cast(Any, Statement.current))
        yield


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


@pytest.fixture
def sql(loop: asyncio.AbstractEventLoop) -> Statement:
    """A statement that the scripted engine answers."""
    return Statement(SqlCortex(Cortex(ScriptedEngine(0, 100_000))), loop)


@pytest.fixture
def echo(loop: asyncio.AbstractEventLoop) -> Statement:
    return Statement(Echo(), loop)


@pytest.mark.parametrize(
    ("order", "asked"),
    [
        ("range DESC", ["9", "8", "7"]),
        ("t.n, range", ["0", "2", "4"]),
        ("n DESC, 2 DESC", ["9", "7", "5"]),
        ("2 + 1 DESC, 2", ["0", "1", "2"]),
        (
            "array_cosine_similarity(AI_EMBED('e5-base-v2', x), AI_EMBED('e5-base-v2', '7')) DESC"
            ", range",
            ["7", "0", "1"],
        ),
    ],
)
def test_a_limit_of_sorted_rows_asks_only_for_those(
    echo: Statement, order: str, asked: list[str]
) -> None:
    source = "(SELECT range, range % 2 AS n, range || '' AS x FROM range(10)) AS t"
    answer = "AI_COMPLETE('m', t.x) || n AS c"
    sql = f"SELECT {answer}, range AS r, t.n AS n FROM {source} ORDER BY {order} LIMIT 3"
    rows = echo.rows(sql)
    assert sorted(echo.cortex.asked) == sorted(asked)
    assert rows == [(f"m: {one}{int(one) % 2}", int(one), int(one) % 2) for one in asked]
    assert [one[0] for one in echo.connection.description or ()] == ["c", "r", "n"]


def test_a_star_stays_where_it_stands(echo: Statement) -> None:
    source = "(SELECT range AS a, range || '' AS b FROM range(3)) AS t"
    sql = f"SELECT a + 1 AS d, *, AI_COMPLETE('m', b) AS c FROM {source} ORDER BY a DESC LIMIT 1"
    assert echo.rows(sql) == [(3, 2, "2", "m: 2")]
    assert [one[0] for one in echo.connection.description or ()] == ["d", "a", "b", "c"]
    assert echo.charged == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT AI_COMPLETE('m', range || '') AS c FROM range(3) ORDER BY c DESC LIMIT 1",
        "SELECT DISTINCT AI_COMPLETE('m', range || '') AS c FROM range(3) ORDER BY 1 DESC LIMIT 1",
        "SELECT AI_COMPLETE('m', MAX(range) || '') AS c FROM range(3) ORDER BY 1 LIMIT 1",
        "SELECT c FROM (SELECT AI_COMPLETE('m', range || '') AS c, range AS r FROM range(3) "
        "ORDER BY r DESC LIMIT 1) AS t ORDER BY c LIMIT 1",
        "WITH w AS (SELECT range || '' AS x FROM range(3)) "
        "SELECT AI_COMPLETE('m', x) AS c FROM w ORDER BY x DESC LIMIT 1",
        "SELECT AI_COMPLETE('m', (SELECT MAX(range) || '' FROM range(3))) AS c FROM range(3) "
        "ORDER BY range LIMIT 1",
        "SELECT range || '' AS y, AI_COMPLETE('m', y) AS c FROM range(3) ORDER BY y DESC LIMIT 1",
    ],
)
def test_sorted_answers_are_the_same_wherever_they_are_asked(echo: Statement, sql: str) -> None:
    assert echo.rows(sql)[0][-1] == "m: 2"


TEXTS = "(SELECT range AS n, IF(range % 3 = 0, 'yes', 'no') AS x FROM range(5000)) AS t"


def test_a_filter_asks_until_the_limit_has_its_rows(echo: Statement) -> None:
    where = "AI_FILTER(PROMPT('good? {0}', x)) AND n > 0"
    rows = echo.rows(f"SELECT n FROM {TEXTS} WHERE {where} LIMIT 4 OFFSET 1")
    assert rows == [(6,), (9,), (12,), (15,)]
    assert echo.charged == len(echo.cortex.asked) <= 16


def test_a_filter_of_sorted_rows_asks_from_the_first_on(echo: Statement) -> None:
    where = "AI_FILTER(PROMPT('good? {0}', x))"
    sql = f"SELECT n, AI_COMPLETE('m', x) FROM {TEXTS} WHERE {where} ORDER BY n DESC LIMIT 2"
    assert echo.rows(sql) == [(4998, "m: yes"), (4995, "m: yes")]
    assert echo.charged <= 10


def test_a_filter_finds_the_same_rows_wherever_it_stands(echo: Statement) -> None:
    where = "AI_FILTER(PROMPT('good? {0}', x)) OR n = 1"
    sql = f"SELECT n FROM {TEXTS} WHERE n < 20 AND ({where}) LIMIT 3"
    assert echo.rows(sql) == [(0,), (1,), (3,)]


def test_sorted_rows_of_a_join_are_asked_for_after_the_limit(echo: Statement) -> None:
    source = "(VALUES (1, 'a'), (2, 'b')) AS t(n, x) LEFT JOIN (VALUES (2, 'c')) AS u(m, y)"
    sql = f"SELECT t.x, AI_COMPLETE('m', y), u.m FROM {source} ON n = m ORDER BY t.n DESC LIMIT 1"
    assert echo.rows(sql) == [("b", "m: c", 2)]
    assert echo.charged == 1
    # A star is each table's own columns.
    sql = f"SELECT *, AI_COMPLETE('m', y) FROM {source} ON n = m ORDER BY t.n DESC LIMIT 1"
    assert echo.rows(sql) == [(2, "b", 2, "c", "m: c")]


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("SELECT AI_COMPLETE('m', 'x') AS a, UPPER(a) AS b, a", ("m: x", "M: X", "m: x")),
        ("SELECT *, AI_COMPLETE('m', x) AS a, UPPER(a) FROM t", ("y", "m: y", "M: Y")),
        ("SELECT t.*, 1 AS b, AI_COMPLETE('m', x) AS a, a || b FROM t", ("y", 1, "m: y", "m: y1")),
        ("SELECT t.x, AI_COMPLETE('m', x) AS a FROM t WHERE a = 'm: y'", ("y", "m: y")),
        ("SELECT AI_COMPLETE('m', x) AS x, x AS b FROM t", ("m: y", "y")),
        (
            "SELECT AI_COMPLETE('m', x) a FROM t QUALIFY COUNT(*) OVER (PARTITION BY a) = 1",
            ("m: y",),
        ),
    ],
)
def test_an_answer_is_used_again_by_its_alias(
    echo: Statement, sql: str, row: tuple[str, ...]
) -> None:
    assert echo.rows(f"WITH t AS (SELECT 'y' AS x) {sql}") == [row]
    assert echo.charged == 1


def test_a_constant_is_embedded_once(echo: Statement, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded: list[str] = []

    def vector(text: str, dimension: int) -> str:
        embedded.append(text)
        return str([0] * dimension)

    monkeypatch.setattr(work, "_vector", vector)
    # More rows than DuckDB computes at a time.
    echo.rows("SELECT AI_EMBED('e5-base-v2', 'x') FROM range(2100)")
    assert embedded == ["x"]


def test_equal_calls_are_made_again(echo: Statement) -> None:
    echo.rows("SELECT AI_COMPLETE('m', 'x'), AI_COMPLETE('m', 'x') FROM range(5)")
    assert len(echo.cortex.asked) == 10


def test_eight_rows_are_answered_at_once(echo: Statement) -> None:
    echo.rows("SELECT AI_COMPLETE('m', 'x' || range) FROM range(100)")
    assert echo.cortex.most_running == 8
    assert echo.waits == 1


def test_the_first_failure_of_complete_ends_the_statement(echo: Statement) -> None:
    source = "SELECT CASE WHEN range = 0 THEN 'unknown' ELSE 'm' END AS m FROM range(500)"
    with pytest.raises(SqlError, match=r"COMPLETE\$V2 with remote service error: 400") as failed:
        echo.rows(f"SELECT SNOWFLAKE.CORTEX.COMPLETE(m, 'x') FROM ({source}) AS t")
    assert (failed.value.code, failed.value.sqlstate) == ("100351", "P0000")
    assert len(echo.cortex.asked) < 100


@pytest.mark.parametrize("call", ["('m')", "(model => 'm', promt => 'x')", "('m', model => 'm')"])
def test_a_wrong_argument_names_the_right_ones(echo: Statement, call: str) -> None:
    with pytest.raises(SqlError, match="model, prompt, model_parameters") as refused:
        echo.value(f"AI_COMPLETE{call}")
    assert refused.value.code == "000938"


@pytest.mark.parametrize(
    "call",
    [
        "AI_TRANSCRIBE('f')",
        "SNOWFLAKE.CORTEX.AI_PARSE_DOCUMENT('f')",
        "SNOWFLAKE.CORTEX.FINETUNE('x')",
        "AI_COMPLETE(model => 'm', predicate => 'x', file => 'f')",
        "AI_FILTER('is this a cat?', 'f')",
    ],
)
def test_what_does_not_run_is_refused_by_its_name(echo: Statement, call: str) -> None:
    with pytest.raises(SqlError, match="does not run it") as refused:
        echo.value(call)
    assert refused.value.code == "000002"


def test_in_an_inactive_account_only_the_legacy_functions_fail(
    loop: asyncio.AbstractEventLoop,
) -> None:
    statement = Statement(Echo(inactive=True), loop)
    assert statement.value("AI_COMPLETE('m', 'x')") == "m: x"
    with pytest.raises(SqlError, match="Use AI_COMPLETE instead"):
        statement.value("SNOWFLAKE.CORTEX.COMPLETE('m', 'x')")


def test_a_filter_stands_in_where(sql: Statement) -> None:
    source = "(VALUES ('I love it'), ('It broke'), (NULL)) AS t(x)"
    rows = sql.rows(f"SELECT x FROM {source} WHERE AI_FILTER(PROMPT('Is this positive? {{0}}', x))")
    assert rows == [("I love it",)]


def test_an_aggregate_asks_once_for_each_group(sql: Statement) -> None:
    source = "(VALUES (1, 'Great'), (1, 'Bad'), (2, NULL)) AS t(g, x)"
    rows = sql.rows(f"SELECT g, AI_SUMMARIZE_AGG(x) FROM {source} GROUP BY g ORDER BY g")
    assert rows[0][1].startswith("Texts: 2. Positive 1, negative 1")
    assert rows[1] == (2, None)
    assert sql.charged == 1


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("AI_CLASSIFY('I went travelling', ['cooking', 'travel'])", {"labels": ["travel"]}),
        (
            "SNOWFLAKE.CORTEX.CLASSIFY_TEXT('배송이 늦어요', ['가격', '배송'])",
            {"label": "배송"},
        ),
        (
            "AI_SENTIMENT('맛은 그저 그래요. 맛은 좋지만 가격이 비싸요', ['맛', '가격', '서비스'])",
            {
                "categories": [
                    {"name": "overall", "sentiment": "mixed"},
                    {"name": "맛", "sentiment": "positive"},
                    {"name": "가격", "sentiment": "negative"},
                    {"name": "서비스", "sentiment": "unknown"},
                ]
            },
        ),
        (
            "AI_EXTRACT('name: Kim, city: Seoul', [['c', 'Which city?'], ['d', 'dog']])",
            {"error": None, "response": {"c": "Seoul", "d": None}},
        ),
        (
            "AI_EXTRACT(text => 'city: Seoul', responseFormat => ['city: Which city?'])",
            {"error": None, "response": {"city": "Seoul"}},
        ),
        (
            "AI_EXTRACT('name: Kim, tags: tea, cake', {'schema': {'type': 'object', 'properties': "
            "{'name': {'type': 'string'}, 't': {'type': 'object', 'column_ordering': ['tags'], "
            "'properties': {'tags': {'type': 'array'}}}}}})",
            {"error": None, "response": {"name": "Kim", "t": {"tags": ["tea", "cake"]}}},
        ),
        (
            "SNOWFLAKE.CORTEX.EXTRACT_ANSWER('Kim lives in Seoul.', 'Where does Kim live?')",
            [{"answer": "Kim lives in Seoul.", "score": 1.0}],
        ),
        (
            "AI_REDACT('a@b.co', mode => 'detect')",
            {"spans": [{"category": "EMAIL", "start": 0, "end": 6, "text": "a@b.co"}]},
        ),
        (
            f"AI_COMPLETE({M}, 'name: Kim', response_format => JSON_OBJECT('type', 'json', "
            "'schema', JSON_OBJECT('properties', JSON_OBJECT('name', JSON_OBJECT('type', "
            "'string')))))",
            {"name": "Kim"},
        ),
    ],
)
def test_objects_have_the_documented_shape(sql: Statement, call: str, answer: Any) -> None:
    assert sql.document(call) == answer


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("AI_TRANSLATE('Hello!', 'en', 'ko')", "안녕하세요"),
        ("AI_TRANSLATE('Hello!', 'en', 'tlh')", None),
        ("SNOWFLAKE.CORTEX.SENTIMENT('I love it')", 0.5),
        ("SNOWFLAKE.CORTEX.SUMMARIZE('One. Two. Three. Four.')", "One. Two. Three."),
        ("AI_REDACT('My name is John Smith, 010-1234-5678')", "My name is [NAME], [PHONE_NUMBER]"),
        (f"AI_COUNT_TOKENS('ai_complete', {M}, 'hello there')", 2),
        (f"SNOWFLAKE.CORTEX.COUNT_TOKENS({M}, 'hello there')", 2),
    ],
)
def test_values_have_the_documented_type(sql: Statement, call: str, answer: Any) -> None:
    assert sql.value(call) == answer


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("AI_COUNT_TOKENS('ai_complete', 'llama9', 'x')", None),
        ("AI_COUNT_TOKENS('AI_COMPLETE', 'llama3.1-8b', 'x')", None),
        ("AI_COUNT_TOKENS('ai_embed', 'e5-base-v2', 'hello there', TRUE)", 2),
        ("AI_COUNT_TOKENS('ai_sentiment', 'hello there')", 2),
    ],
)
def test_tokens_are_counted_for_a_known_model_or_function(
    sql: Statement, call: str, answer: Any
) -> None:
    assert sql.value(call) == answer


def test_scores_come_with_what_was_extracted(sql: Statement) -> None:
    found = sql.document("AI_EXTRACT('city: Seoul', ['city', 'dog'], scores => TRUE)")
    assert found["scoring"]["scores"] == {"city": {"score": 1.0}, "dog": {"score": 0.0}}


def test_an_argument_of_another_type_is_an_error_of_its_row(sql: Statement) -> None:
    call = "AI_COMPLETE('m', 'x', 'options', return_error_details => TRUE)"
    assert "not of the documented type" in sql.document(call)["error"]


def test_an_embedding_is_as_long_as_its_models(sql: Statement) -> None:
    assert len(sql.value("AI_EMBED('e5-base-v2', 'x')")) == 768
    assert len(sql.value("AI_EMBED('multilingual-e5-large', 'x')")) == 1024
    assert sql.charged == 0


@pytest.mark.parametrize(
    "call", ["AI_EMBED('e6', 'x')", "SNOWFLAKE.CORTEX.EMBED_TEXT_1024('e5-base-v2', 'x')"]
)
def test_an_unknown_embedding_model_is_refused_as_the_service_does(
    sql: Statement, call: str
) -> None:
    with pytest.raises(SqlError, match="unknown model") as refused:
        sql.value(call)
    assert refused.value.code == "100351"
