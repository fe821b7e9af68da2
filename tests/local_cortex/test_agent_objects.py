"""Agents as objects: made by SQL, run by REST."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

AGENTS = "/api/v2/databases/course/schemas/public/agents"
HELLO = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}]}
SPEC = """
models: {orchestration: claude-sonnet-4-6}
instructions:
  sample_questions:
    - question: What can you do?
"""
BOMB = "a: &a [1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 8)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.fixture
def run(session: Session) -> Iterator[Callable[[str], list[Any]]]:
    def statement(sql: str) -> list[Any]:
        return [*session.sql(sql).collect()]

    statement(
        "CREATE OR REPLACE AGENT helper COMMENT = 'it''s one' "
        f'PROFILE = \'{{"display_name": "H"}}\' FROM SPECIFICATION $${SPEC}$$'
    )
    yield statement
    statement("DROP AGENT IF EXISTS helper")


def test_an_agent_is_shown_and_described(run: Callable[[str], list[Any]]) -> None:
    shown, described = run("SHOW AGENTS LIKE 'help%'")[0], run("DESC AGENT helper")[0]

    assert [*shown.as_dict()] == [
        *("created_on", "name", "database_name", "schema_name", "owner", "comment", "profile")
    ]
    assert shown["comment"] == described["comment"] == "it's one"
    assert json.loads(described["profile"]) == {"display_name": "H"}
    assert json.loads(described["agent_spec"])["models"] == {"orchestration": "claude-sonnet-4-6"}


def test_an_agent_is_made_once(run: Callable[[str], list[Any]]) -> None:
    again = run("CREATE AGENT IF NOT EXISTS helper FROM SPECIFICATION 'tools: []'")

    assert again[0]["status"] == "HELPER already exists, statement succeeded."
    with pytest.raises(SnowparkSQLException, match="already exists"):
        run("CREATE AGENT helper FROM SPECIFICATION 'tools: []'")


def test_a_dropped_agent_is_not_there(run: Callable[[str], list[Any]], rest: httpx.Client) -> None:
    run("DROP AGENT helper")

    with pytest.raises(SnowparkSQLException, match="does not exist or not authorized"):
        run("DESCRIBE AGENT helper")
    answer = rest.post(f"{AGENTS}/helper:run", json=HELLO)
    assert (answer.status_code, "HELPER" in answer.json()["message"]) == (404, True)


@pytest.mark.parametrize(
    ("specification", "told"),
    [
        ("[1, 2]", "must be a mapping"),
        ("a: : :", "not YAML at line 1"),
        ("tools: [{tool_spec: {name: 1}}]", r"tools\[0\].tool_spec.name: must be text"),
        (BOMB, "more than 20,000 values"),
        ("&a {b: *a}", "more than 20,000 values"),
        ("!!python/object/apply:os.getcwd []", "not YAML"),
        ("[" * 2_000, "more than 40 brackets in brackets"),
        (f"a: {'x' * 60_000}", "more than 50,000 characters"),
        ("{[1]: 2}", "not YAML"),
    ],
)
def test_a_wrong_specification_is_refused_in_words(
    run: Callable[[str], list[Any]], specification: str, told: str
) -> None:
    with pytest.raises(SnowparkSQLException, match=told):
        run(f"CREATE AGENT wrong FROM SPECIFICATION $${specification}$$")


@pytest.mark.parametrize(
    "statement",
    ["CREATE AGENT x", "CREATE AGENT x COLOUR = 'a' FROM SPECIFICATION ''", "DROP AGENT x y"],
)
def test_a_wrong_statement_is_a_syntax_error(
    run: Callable[[str], list[Any]], statement: str
) -> None:
    with pytest.raises(SnowparkSQLException, match="syntax error"):
        run(statement)


def test_a_table_may_be_called_agent(run: Callable[[str], list[Any]]) -> None:
    run("CREATE OR REPLACE TABLE agent (a INT)")

    assert run("DESCRIBE TABLE agent")[0]["name"] == "A"
    run("DROP TABLE agent")


def test_a_run_takes_the_agent_s_own_specification(
    run: Callable[[str], list[Any]], rest: httpx.Client
) -> None:
    # A model beside it changes nothing: Snowflake's quickstart sends one.
    body = HELLO | {"stream": False, "model": "claude-4-sonnet"}
    answer = rest.post(f"{AGENTS}/helper:run", json=body).json()

    assert answer["content"][-1]["suggested_queries"][0] == {"query": "What can you do?"}


@pytest.mark.parametrize("field", ["models", "instructions", "orchestration"])
def test_a_run_can_t_change_the_agent(
    run: Callable[[str], list[Any]], rest: httpx.Client, field: str
) -> None:
    answer = rest.post(f"{AGENTS}/helper:run", json=HELLO | {field: {"a": "b"}})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{field}:")


def test_a_name_that_is_none_is_refused(rest: httpx.Client) -> None:
    assert rest.post(f"{AGENTS}/a%20b:run", json=HELLO).status_code == 400


# --- by REST --------------------------------------------------------------------------------------

# Of Snowflake's documentation ("Cortex Agents REST API"), with what would break out of a literal.
MADE = {
    "name": "made",
    "comment": "it's one, with a \\ and $$",
    "profile": {"display_name": "My 'Agent'"},
    "models": {"orchestration": "claude-sonnet-4-6"},
    "instructions": {"response": 'Be "friendly",\nnot \\n, and 😀', "system": "You're one"},
    "orchestration": {"budget": {"seconds": 30, "tokens": 16000}},
    "tools": [{"tool_spec": {"type": "generic", "name": "get_revenue"}}],
    "tool_resources": {},
}


@pytest.fixture
def made(session: Session, rest: httpx.Client) -> Iterator[httpx.Client]:
    # The session has made the database.
    answer = rest.post(AGENTS, json=MADE)
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "Agent MADE successfully created."},
    )
    yield rest
    rest.delete(f"{AGENTS}/made?ifExists=true")


def test_an_agent_that_rest_made_is_described_as_it_was_given(made: httpx.Client) -> None:
    told = made.get(f"{AGENTS}/made").json()

    assert [told[name] for name in ("name", "database_name", "schema_name", "comment")] == [
        *("MADE", "COURSE", "PUBLIC", MADE["comment"])
    ]
    assert json.loads(told["profile"]) == MADE["profile"]
    about = {"name", "comment", "profile"}
    assert json.loads(told["agent_spec"]) == {
        name: one for name, one in MADE.items() if name not in about
    }
    assert dt.datetime.fromisoformat(told["created_on"]).tzinfo is not None


def test_an_agent_that_rest_made_runs(made: httpx.Client) -> None:
    answer = made.post(f"{AGENTS}/made:run", json=HELLO | {"stream": False})

    assert (answer.status_code, answer.json()["status"]) == (200, "completed")


def test_agents_are_listed_by_what_the_query_asks_for(made: httpx.Client) -> None:
    made.post(AGENTS, json={"name": "made_too"})

    def listed(**asked: Any) -> list[str]:
        return [one["name"] for one in made.get(AGENTS, params=asked).json()]

    assert listed(like="made%") == ["MADE", "MADE_TOO"]
    assert listed(like="made%", showLimit=1) == ["MADE"]
    assert listed(fromName="MADE") == ["MADE_TOO"]
    (first, *_) = made.get(AGENTS, params={"like": "made"}).json()
    assert (first["database"], first["schema"]) == ("COURSE", "PUBLIC")
    assert listed(showLimit=10_000) == listed()
    for wrong in ("x", "0", "10001", "9" * 5_000):
        assert made.get(AGENTS, params={"showLimit": wrong}).status_code == 400
    made.delete(f"{AGENTS}/made_too")


def test_an_update_leaves_what_it_does_not_name(made: httpx.Client) -> None:
    answer = made.put(f"{AGENTS}/made", json={"instructions": {"response": "new"}})

    assert answer.json() == {"status": "Agent MADE successfully updated."}
    told = made.get(f"{AGENTS}/made").json()
    given = json.loads(told["agent_spec"])
    assert (given["instructions"], given["models"]) == ({"response": "new"}, MADE["models"])
    assert (told["comment"], json.loads(told["profile"])) == (MADE["comment"], MADE["profile"])


def test_what_becomes_of_an_agent_that_is_there_already(made: httpx.Client) -> None:
    def again(mode: str) -> int:
        return made.post(AGENTS, params={"createMode": mode}, json=MADE).status_code

    assert made.post(AGENTS, json=MADE).status_code == 409
    assert [again(mode) for mode in ("errorIfExists", "orReplace", "ifNotExists", "x")] == [
        *(409, 200, 200, 400)
    ]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_agent_that_is_not_there_is_a_404(rest: httpx.Client, method: str) -> None:
    answer = rest.request(method, f"{AGENTS}/nobody", json={} if method == "PUT" else None)

    assert (answer.status_code, "NOBODY" in answer.json()["message"]) == (404, True)


def test_an_agent_that_is_not_there_may_be_deleted(rest: httpx.Client) -> None:
    answer = rest.delete(f"{AGENTS}/nobody", params={"ifExists": "true"})

    assert answer.json() == {"status": "Request successfully completed"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a FROM SPECIFICATION ''"},
        {"name": "a.b"},
        {"comment": 1},
        {"profile": []},
        {"models": []},
        {"tools": "x"},
    ],
)
def test_a_wrong_agent_is_refused_by_rest(rest: httpx.Client, wrong: dict[str, Any]) -> None:
    assert rest.post(AGENTS, json=MADE | {"name": "wrong"} | wrong).status_code == 400
    assert rest.get(f"{AGENTS}/wrong").status_code == 404
