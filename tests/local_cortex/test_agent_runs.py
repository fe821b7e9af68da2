"""Cortex Agents over HTTP: each event in its place, and whatever ends a run."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from itertools import groupby
from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session

from local_cortex import LocalCortex
from local_cortex.agents import toolbox
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    EngineError,
    Thinking,
    ToolPiece,
    Usage,
)
from local_cortex.faults import AGENT_FAULTS
from local_cortex.search import search

RUN = "/api/v2/cortex/agent:run"
THREADS = "/api/v2/cortex/threads"
ANALYST = {
    "tool_spec": {
        "type": "cortex_analyst_text_to_sql",
        "name": "numbers",
        "description": "Totals and counts of sales by region, 지역별 매출",
    }
}
WEATHER = {
    "tool_spec": {
        "type": "generic",
        "name": "get_weather",
        "description": "The weather of a city, 도시의 날씨",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
}
RESOURCES = {"numbers": {"semantic_view": "COURSE.PUBLIC.AGENT_SALES"}}
TOTALS = "What is the total amount of sales by region?"

Ask = Callable[..., "list[tuple[str, dict[str, Any]]]"]


def asking(text: str, **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": [{"type": "text", "text": text}]}
    return {"messages": [message], **more}


def with_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"tool_spec": {**WEATHER["tool_spec"], "input_schema": schema}}


def with_tools(text: str, **more: Any) -> dict[str, Any]:
    return asking(text, tools=[ANALYST, WEATHER], tool_resources=RESOURCES, **more)


def fault(name: str) -> dict[str, Any]:
    return {"models": {"orchestration": name}}


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    events = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        assert name.startswith("event: "), block
        events.append((name[7:], json.loads(data.removeprefix("data: "))))
    return events


def names(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Name the events; several of one name that follow each other count once."""
    return [name for name, _ in groupby(name for name, _ in events)]


@pytest.fixture(scope="module", autouse=True)
def _sales(session: Session) -> None:
    session.sql("CREATE TABLE agent_sales (region TEXT, amount NUMBER(10, 2))").collect()
    session.sql(
        "INSERT INTO agent_sales VALUES ('Seoul', 10), ('Busan', 20.5), ('Seoul', 5)"
    ).collect()


@pytest.fixture
def ask(rest: httpx.Client) -> Ask:
    def send(body: dict[str, Any], path: str = RUN) -> list[tuple[str, dict[str, Any]]]:
        answer = rest.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/event-stream"
        return events_of(answer.text)

    return send


@pytest.fixture
def thread(rest: httpx.Client) -> int:
    number: int = rest.post(THREADS, json={"origin_application": "test"}).json()["thread_id"]
    return number


@pytest.fixture
def stranger(cortex: LocalCortex, http: Callable[..., httpx.Client]) -> httpx.Client:
    """Another user, by a session token of its own."""
    login = http(cortex).post(
        "/session/v1/login-request",
        json={"data": {"LOGIN_NAME": "stranger", "PASSWORD": cortex.secret}},
    )
    return http(cortex, f'Snowflake Token="{login.json()["data"]["token"]}"')


# --- the events -----------------------------------------------------------------------------------


def test_a_run_with_a_tool_sends_the_documented_events_in_their_order(ask: Ask) -> None:
    events = ask(with_tools(TOTALS))

    assert names(events) == [
        "response.status",
        "response.thinking.delta",
        "response.thinking",
        "response.status",
        "response.tool_use",
        "response.tool_result.status",
        "response.tool_result.analyst.delta",
        "response.tool_result",
        "response.text.delta",
        "response.text",
        "response.table",
        "response.chart",
        "response.suggested_queries",
        "response",
    ]


def test_events_are_numbered_from_1_without_a_gap(ask: Ask) -> None:
    numbers = [data["sequence_number"] for _, data in ask(with_tools(TOTALS))]

    assert numbers == list(range(1, len(numbers) + 1))


DOCUMENTED = {
    "response.status": {"status", "message"},
    "response.thinking.delta": {"content_index", "text"},
    "response.thinking": {"content_index", "text"},
    "response.tool_use": {
        *("content_index", "tool_use_id", "type", "name", "input", "client_side_execute"),
    },
    "response.tool_result.status": {"tool_use_id", "tool_type", "status", "message"},
    "response.tool_result.analyst.delta": {
        *("content_index", "tool_use_id", "tool_type", "tool_name", "delta"),
    },
    "response.tool_result": {"content_index", "tool_use_id", "type", "name", "content", "status"},
    "response.text.delta": {"content_index", "text", "is_elicitation"},
    "response.text": {"content_index", "text", "annotations", "is_elicitation"},
    "response.table": {"content_index", "tool_use_id", "query_id", "result_set", "title"},
    "response.chart": {"content_index", "tool_use_id", "chart_spec"},
    "response.suggested_queries": {"content_index", "suggested_queries"},
    "response": {"role", "content", "warnings", "metadata", "status"},
}


def test_each_event_has_exactly_its_documented_fields(ask: Ask) -> None:
    for name, data in ask(with_tools(TOTALS)):
        assert set(data) == DOCUMENTED[name] | {"sequence_number"}, name


def test_the_final_response_holds_each_item_where_its_events_said(ask: Ask) -> None:
    events = ask(with_tools(TOTALS))
    content = events[-1][1]["content"]

    kinds = ["thinking", "tool_use", "tool_result", "text", "table", "chart", "suggested_queries"]
    assert [item["type"] for item in content] == kinds
    for name, data in events:
        if name == "response.text":
            assert content[data["content_index"]]["text"] == data["text"]
            parts = [part["text"] for kind, part in events if kind == "response.text.delta"]
            assert "".join(parts) == data["text"]


def test_the_table_and_the_chart_show_what_the_query_gave(ask: Ask) -> None:
    events = dict(ask(with_tools(TOTALS)))

    result = events["response.table"]["result_set"]
    assert result["data"] == [["Busan", "20.50"], ["Seoul", "15.00"]]
    rows = result["resultSetMetaData"]["rowType"]
    assert all(type(one[size]) is int for one in rows for size in ("length", "precision", "scale"))
    assert [one["name"] for one in result["resultSetMetaData"]["rowType"]] == [
        "REGION",
        "SUM_AMOUNT",
    ]
    chart = json.loads(events["response.chart"]["chart_spec"])
    assert chart["data"]["values"][0] == {"REGION": "Busan", "SUM_AMOUNT": 20.5}
    assert "1. Busan: 20.50\n2. Seoul: 15" in events["response.text"]["text"]


def test_a_question_without_a_rule_is_said_to_have_none(ask: Ask) -> None:
    events = ask(with_tools("Which weekday suits the sales of a region?"))

    assert "No rule of Local Cortex" in dict(events)["response.text"]["text"]
    assert "response.table" not in names(events)


def test_a_korean_question_is_answered_in_korean(ask: Ask) -> None:
    events = dict(ask(with_tools("region별 매출 합계를 알려 줘")))

    assert events["response.status"]["message"] == "`numbers` 도구를 실행하고 있습니다"
    assert "REGION별 SUM(AMOUNT)입니다" in events["response.text"]["text"]


def test_what_was_asked_and_the_tool_that_answered_are_not_suggested(ask: Ask) -> None:
    samples = {"sample_questions": [{"question": TOTALS}, "Anything else?"]}
    events = dict(ask(with_tools(TOTALS, instructions=samples)))

    assert events["response.suggested_queries"]["suggested_queries"] == [
        {"query": "Anything else?"},
        {"query": "What can `get_weather` tell me?"},
        {"query": "Tell me more about this."},
    ]


def test_a_question_for_no_tool_is_answered_by_the_engine(ask: Ask) -> None:
    events = ask(with_tools("Hello!"))

    assert "response.tool_use" not in names(events)
    assert "Welcome to the course" in dict(events)["response.text"]["text"]


def test_without_a_stream_the_final_response_is_the_body(rest: httpx.Client) -> None:
    answer = rest.post(RUN, json=with_tools(TOTALS, stream=False))

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["status"] == "completed"
    assert [one["type"] for one in answer.json()["content"]][-1] == "suggested_queries"


def test_the_real_client_reads_every_event(session: Session) -> None:
    # A second to import: not for every worker that collects this file.
    from snowflake.core import Root
    from snowflake.core.cortex.lite_agent_service import AgentRunRequest

    # Version 1.14 of the client can't read a tool with an input_schema.
    asked = asking(TOTALS, tools=[ANALYST], tool_resources=RESOURCES)
    request = AgentRunRequest.from_dict(asked)
    events = [*Root(session).cortex_agent_service.run(request).events()]

    assert events[0].event == "response.status"
    assert events[-1].event == "response"
    assert json.loads(events[-1].data)["status"] == "completed"


# --- search ---------------------------------------------------------------------------------------

MANUAL = {
    "tool_spec": {
        "type": "cortex_search",
        "name": "manual",
        "description": "반품과 환불 안내, refunds",
    }
}
CITED = {"search_service": "agent_manual", "id_column": "id", "title_column": "title"}


@pytest.fixture(scope="module")
def _service(session: Session) -> None:
    session.sql("CREATE TABLE agent_pages (id INT, title TEXT, body TEXT)").collect()
    session.sql(
        "INSERT INTO agent_pages VALUES (7, '환불', '환불은 14일 안에 신청합니다.'), "
        "(8, 'Shipping', 'Parcels leave on Mondays.')"
    ).collect()
    session.sql(
        "CREATE CORTEX SEARCH SERVICE agent_manual ON body ATTRIBUTES id, title "
        "WAREHOUSE = w TARGET_LAG = '1 day' AS SELECT * FROM agent_pages"
    ).collect()


def search_for(text: str, **resource: Any) -> dict[str, Any]:
    return asking(text, tools=[MANUAL], tool_resources={"manual": CITED | resource})


@pytest.mark.usefixtures("_service")
def test_rows_that_search_found_are_cited_between_the_text_and_its_end(ask: Ask) -> None:
    events = ask(search_for("환불은 며칠 안에 신청하나요?"))

    assert names(events)[5:11] == [
        "response.tool_result.status",
        "response.tool_result",
        "response.text.delta",
        "response.text.annotation",
        "response.text",
        "response.suggested_queries",
    ]
    first = next(data for name, data in events if name == "response.text.annotation")
    found = first["annotation"].pop("search_result_id")
    assert first["annotation"] == {
        "type": "cortex_search_citation",
        "index": 0,
        "doc_id": "7",
        "doc_title": "환불",
        "text": "환불은 14일 안에 신청합니다.",
    }
    result = dict(events)["response.tool_result"]["content"][0]["json"]["search_results"][0]
    assert result["search_result_id"] == found
    text = dict(events)["response.text"]
    assert "환불은 14일 안에 신청합니다." in text["text"]
    assert text["text"].startswith("검색에서 2개의 행을 찾았습니다.")
    assert text["annotations"][0]["search_result_id"] == found


@pytest.mark.usefixtures("_service")
def test_a_tool_s_service_is_searched_once(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []

    async def counted(*given: Any, **more: Any) -> list[dict[str, Any]]:
        searched.append(given[1])
        return await search(*given, **more)

    monkeypatch.setattr(toolbox, "search", counted)
    events = dict(ask(search_for("When do parcels leave?")))

    assert searched == [CITED["search_service"]]
    found = events["response.tool_result"]["content"][0]["json"]["search_results"][0]["columns"]
    assert [*found][:3] == ["BODY", "id", "title"]


@pytest.mark.usefixtures("_service")
def test_a_question_that_shares_no_word_with_a_tool_tries_the_search_and_says_so(ask: Ask) -> None:
    events = dict(ask(search_for("When do parcels leave?")))

    assert "There are none, so I try the search `manual`." in events["response.thinking"]["text"]
    assert events["response.text"]["annotations"][0]["doc_id"] == "8"


@pytest.mark.parametrize(
    ("choice", "called"),
    [({"type": "none"}, None), ({"type": "required"}, "manual"), ({"type": "auto"}, None)],
)
def test_tool_choice_decides_whether_a_tool_is_called(
    ask: Ask, choice: dict[str, Any], called: str | None
) -> None:
    events = dict(ask(search_for("Hello!") | {"tool_choice": choice}))

    assert events.get("response.tool_use", {}).get("name") == called


def test_tool_choice_s_names_leave_the_others_out(ask: Ask) -> None:
    asked = with_tools(TOTALS, tool_choice={"type": "tool", "name": ["get_weather"]})

    assert dict(ask(asked))["response.tool_use"]["name"] == "get_weather"


@pytest.mark.usefixtures("_service")
def test_a_filter_of_the_agent_narrows_its_search(ask: Ask) -> None:
    events = dict(ask(search_for("refunds?", filter={"@eq": {"title": "Shipping"}})))

    assert [one["doc_id"] for one in events["response.text"]["annotations"]] == ["8"]


@pytest.mark.usefixtures("_service")
@pytest.mark.parametrize(
    ("most", "found"), [(1, 1), ("1", 1), ("0", 2), (2, 2), (True, 2), ([1], 2)]
)
def test_an_agent_says_how_many_rows_it_wants_as_a_number_or_as_text(
    ask: Ask, most: Any, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolbox, "MOST_RESULTS", 1)
    events = dict(ask(search_for("refunds?", max_results=most)))

    assert len(events["response.text"]["annotations"]) == found


def test_a_service_that_is_not_there_is_an_error_of_the_tool(ask: Ask) -> None:
    events = dict(ask(search_for("refunds?", search_service="nowhere")))

    assert events["response.tool_result"]["status"] == "error"
    assert "NOWHERE" in events["response.text"]["text"]
    assert events["response"]["status"] == "completed"


# --- the client's tools ---------------------------------------------------------------------------


def test_a_client_side_tool_ends_the_turn_and_its_result_is_answered(ask: Ask) -> None:
    asked = with_tools("How is the weather in the city of Seoul?")
    first = ask(asked)
    use = dict(first)["response.tool_use"]
    assert use["client_side_execute"] is True
    assert names(first)[-2:] == ["response.tool_use", "response"]

    result = {
        "tool_use_id": use["tool_use_id"],
        "content": [{"type": "text", "text": "17 degrees"}],
        "status": "success",
    }
    turn = {"role": "user", "content": [{"type": "tool_result", "tool_result": result}]}
    said = {"role": "assistant", "content": first[-1][1]["content"]}
    second = dict(ask({**asked, "messages": [*asked["messages"], said, turn]}))

    assert "17 degrees" in second["response.text"]["text"]
    assert "response.tool_use" not in second


def test_a_result_that_no_tool_use_asked_for_is_refused(rest: httpx.Client) -> None:
    result = {"type": "tool_result", "tool_result": {"tool_use_id": "toolu_forged"}}
    answer = rest.post(RUN, json={"messages": [{"role": "user", "content": [result]}]})

    assert answer.status_code == 400
    assert "toolu_forged" in answer.json()["message"]


def test_a_function_as_a_tool_fails_in_words(ask: Ask) -> None:
    resources = {"get_weather": {"type": "function", "identifier": "DB.S.F"}}
    asked = asking("weather in a city?", tools=[WEATHER], tool_resources=resources)
    events = dict(ask(asked))

    assert events["response.tool_result"]["status"] == "error"
    assert "doesn't run tools of type generic" in events["response.text"]["text"]


# --- faults ---------------------------------------------------------------------------------------


def test_a_fault_s_error_comes_after_text_and_no_response_after_it(ask: Ask) -> None:
    events = ask(with_tools(TOTALS, **fault("fault-agent-error")))

    assert names(events)[-2:] == ["response.text.delta", "error"]
    assert set(events[-1][1]) == {"code", "message", "request_id", "sequence_number"}


@pytest.mark.parametrize(
    ("name", "end"), [("fault-agent-error", "error"), ("fault-agent-timed-out", "response")]
)
def test_a_fault_in_the_middle_of_a_short_text_comes_after_it(
    start: Callable[..., LocalCortex], http: Callable[..., httpx.Client], name: str, end: str
) -> None:
    class Short:
        name = "short"

        async def stream(self, _: Call) -> Any:
            yield Delta("Yes.")
            yield End("stop", Usage(1, 1))

    server = http(start(engine=Short()))
    events = events_of(server.post(RUN, json=asking("Hello!", **fault(name))).text)

    assert names(events)[-2:] == ["response.text.delta", end]
    assert events[-1][1].get("status") == ("timed_out" if end == "response" else None)


def test_a_fault_s_tool_that_fails_has_an_error_as_its_result(ask: Ask) -> None:
    events = dict(ask(with_tools(TOTALS, **fault("fault-agent-tool-error"))))

    assert events["response.tool_result"]["status"] == "error"
    assert events["response"]["status"] == "completed"


def test_a_tool_that_never_answers_runs_out_of_its_budget(ask: Ask) -> None:
    budget = {"orchestration": {"budget": {"seconds": 1}}}
    events = ask(with_tools(TOTALS, **fault("fault-agent-tool-stall"), **budget))

    assert names(events)[-2:] == ["response.tool_result.status", "response"]
    assert events[-1][1]["status"] == "timed_out"


def test_an_event_that_nobody_knows_changes_nothing_else(ask: Ask) -> None:
    events = ask(with_tools(TOTALS, **fault("fault-agent-unknown-event")))

    assert "response.nobody_knows" in names(events)
    assert names(events)[-1] == "response"


def test_a_run_that_is_out_of_time_keeps_its_text(ask: Ask) -> None:
    events = ask(with_tools(TOTALS, **fault("fault-agent-timed-out")))

    final = events[-1][1]
    assert final["status"] == "timed_out"
    assert final["content"][-1]["text"] == "".join(
        data["text"] for name, data in events if name == "response.text.delta"
    )


def test_no_fault_of_an_agent_is_without_a_test() -> None:
    assert set(AGENT_FAULTS) == {
        "fault-agent-error",
        "fault-agent-tool-error",
        "fault-agent-tool-stall",
        "fault-agent-unknown-event",
        "fault-agent-timed-out",
    }


def test_an_unknown_model_is_an_error_in_the_stream(ask: Ask) -> None:
    events = ask(asking("Hello!", **fault("no-such-model")))

    assert names(events)[-1] == "error"
    assert 'unknown model "no-such-model"' in events[-1][1]["message"]


def test_a_fault_with_a_status_refuses_the_run(rest: httpx.Client) -> None:
    answer = rest.post(RUN, json=asking("Hello!", **fault("fault-429-forever")))

    assert answer.status_code == 429


@pytest.mark.parametrize("name", ["fault-reset", "fault-truncated"])
def test_a_connection_that_a_fault_cuts_ends_in_the_text(rest: httpx.Client, name: str) -> None:
    with pytest.raises(httpx.TransportError):
        rest.post(RUN, json=asking("Hello!", **fault(name)))


def test_an_answer_that_just_ends_has_no_response(ask: Ask) -> None:
    assert names(ask(asking("Hello!", **fault("fault-no-end"))))[-1] == "response.text.delta"


# --- bodies that are wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [7]}, "messages[0]"),
        ({"messages": [{"role": "system", "content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user"}]}, "messages"),
        (asking("x", model="claude-4-sonnet"), "model"),
        (asking("x", models={"orchestration": 7}), "models.orchestration"),
        (asking("x", stream="no"), "stream"),
        (asking("x", tools=[{}]), "tools[0].tool_spec"),
        (asking("x", tools=[{"tool_spec": {"name": "a"}}]), "tools[0].tool_spec.type"),
        (asking("x", tools=[WEATHER] * 2), "tools"),
        (asking("x", tools=[WEATHER] * 200), "tools"),
        (asking("x", tools=[with_schema({"type": "no"})]), "tools"),
        (asking("x", tools=[with_schema({"description": "x" * 40_000})]), "tools"),
        (asking("x", tool_choice={"type": "maybe"}), "tool_choice.type"),
        (asking("x", tool_choice={"name": ["nope"]}), "tool_choice.name"),
        (asking("x", thread_id=1), "parent_message_id"),
        (asking("x", thread_id=True, parent_message_id=0), "thread_id"),
        (asking("x", background=True), "background"),
        (
            asking("x", orchestration={"budget": {"seconds": -1}}),
            "orchestration.budget.seconds",
        ),
    ],
)
def test_a_wrong_body_is_refused_by_the_name_of_its_field(
    rest: httpx.Client, body: dict[str, Any], field: str
) -> None:
    answer = rest.post(RUN, json=body)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{field}:")


# --- threads --------------------------------------------------------------------------------------


def test_a_thread_remembers_what_was_said(rest: httpx.Client, ask: Ask, thread: int) -> None:
    first = ask(asking("My name is Mina.", thread_id=thread, parent_message_id=0))
    told = [data["metadata"] for name, data in first if name == "metadata"]
    assert [one["role"] for one in told] == ["user", "assistant"]
    assert names(first)[1] == "metadata"
    assert names(first)[-2:] == ["metadata", "response"]
    assert first[-1][1]["metadata"]["run_id"] == f"{thread}-{told[0]['message_id']}"

    answered = told[1]["message_id"]
    second = ask(asking("What is my name?", thread_id=thread, parent_message_id=answered))

    assert "Mina" in dict(second)["response.text"]["text"]
    listed = rest.get(f"{THREADS}/{thread}").json()
    assert listed["metadata"]["thread_id"] == thread
    assert [one["role"] for one in listed["messages"]] == ["assistant", "user"] * 2
    assert listed["messages"][1]["parent_id"] == answered


def test_an_older_message_can_be_answered_again(ask: Ask, thread: int) -> None:
    ask(asking("My name is Mina.", thread_id=thread, parent_message_id=0))

    fork = ask(asking("What is my name?", thread_id=thread, parent_message_id=0))

    assert "Mina" not in dict(fork)["response.text"]["text"]


def test_a_thread_forks_at_an_older_answer_and_each_branch_keeps_to_itself(
    rest: httpx.Client, ask: Ask, thread: int
) -> None:
    def say(text: str, parent: int) -> tuple[int, str]:
        events = ask(asking(text, thread_id=thread, parent_message_id=parent))
        ids = [data["metadata"]["message_id"] for name, data in events if name == "metadata"]
        return ids[1], dict(events)["response.text"]["text"]

    older, _ = say("My name is Mina.", 0)
    newer, _ = say("My name is Tom.", older)
    assert "Mina" in say("What is my name?", older)[1]
    assert "Tom" in say("What is my name?", newer)[1]
    listed = rest.get(f"{THREADS}/{thread}").json()["messages"]
    assert [one["parent_id"] for one in listed if one["role"] == "user"] == [newer, older, older, 0]


def test_messages_are_listed_in_pages_from_the_newest(
    rest: httpx.Client, ask: Ask, thread: int
) -> None:
    for _ in range(2):
        ask(asking("Hello!", thread_id=thread, parent_message_id=0))
    first = rest.get(f"{THREADS}/{thread}", params={"page_size": 3}).json()["messages"]
    last = first[-1]["message_id"]
    page = {"page_size": 3, "last_message_id": last}

    second = rest.get(f"{THREADS}/{thread}", params=page).json()["messages"]

    assert (len(first), len(second)) == (3, 1)
    assert second[0]["message_id"] < last


def test_a_thread_is_renamed_listed_and_deleted(rest: httpx.Client, thread: int) -> None:
    rest.post(f"{THREADS}/{thread}", json={"thread_name": "Sales"})
    listed = rest.get(THREADS, params={"origin_application": "test"}).json()
    assert listed[0] | {"updated_on": 0, "created_on": 0} == {
        "thread_id": thread,
        "thread_name": "Sales",
        "origin_application": "test",
        "created_on": 0,
        "updated_on": 0,
    }

    assert rest.delete(f"{THREADS}/{thread}").status_code == 200
    assert rest.get(f"{THREADS}/{thread}").status_code == 404


@pytest.mark.parametrize("parent", [999_999, -1, "of the user"])
def test_a_forged_parent_is_refused(
    rest: httpx.Client, ask: Ask, thread: int, parent: int | str
) -> None:
    said = ask(asking("Hello!", thread_id=thread, parent_message_id=0))
    if isinstance(parent, str):
        parent = dict(said[:3])["metadata"]["metadata"]["message_id"]

    answer = rest.post(RUN, json=asking("x", thread_id=thread, parent_message_id=parent))

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("parent_message_id:")


def test_another_user_s_thread_is_not_there(
    rest: httpx.Client, stranger: httpx.Client, thread: int
) -> None:
    asked = asking("x", thread_id=thread, parent_message_id=0)

    assert stranger.get(f"{THREADS}/{thread}").status_code == 404
    assert stranger.delete(f"{THREADS}/{thread}").status_code == 404
    assert stranger.post(RUN, json=asked).status_code == 404
    assert thread not in [one["thread_id"] for one in stranger.get(THREADS).json()]
    assert rest.get(f"{THREADS}/{thread}").status_code == 200


@pytest.mark.parametrize("number", ["9" * 5_000, "x", "-1"])
def test_a_thread_of_no_possible_number_is_not_there(rest: httpx.Client, number: str) -> None:
    assert rest.get(f"{THREADS}/{number}").status_code == 404


def test_an_application_s_name_has_16_bytes_at_most(rest: httpx.Client) -> None:
    assert rest.post(THREADS, json={"origin_application": "가나다라마바"}).status_code == 400


# --- runs -----------------------------------------------------------------------------------------


class Slow:
    """An engine that says two words and then waits to be stopped."""

    name = "slow"

    def __init__(self, pause: Callable[[], Any]) -> None:
        self._pause = pause

    async def stream(self, call: Call) -> Any:
        yield Begin()
        yield Delta("one ")
        yield Delta("two")
        await self._pause()
        yield End("stop", Usage(1, 2))


@pytest.fixture
def waiting(start: Callable[..., LocalCortex], http: Callable[..., httpx.Client]) -> httpx.Client:
    return http(start(engine=Slow(lambda: asyncio.Event().wait())))


def background(rest: httpx.Client) -> tuple[int, str]:
    thread = rest.post(THREADS, json={}).json()["thread_id"]
    asked = asking("x", thread_id=thread, parent_message_id=0, background=True, stream=False)
    started = rest.post(RUN, json=asked).json()
    assert started["status"] == "in_progress"
    return thread, started["run_id"]


def path(run_id: str) -> str:
    return f"/api/v2/cortex/agent/runs/{run_id}"


def test_a_cancelled_run_keeps_what_it_said_and_can_t_be_cancelled_again(
    waiting: httpx.Client,
) -> None:
    thread, run_id = background(waiting)
    with waiting.stream("GET", path(run_id)) as attached:
        lines = attached.iter_lines()
        next(line for line in lines if "two" in line)
        cancelled = waiting.post(f"{path(run_id)}/cancel")
        rest = "\n".join(lines)

    assert cancelled.json()["metadata"]["run_id"] == run_id
    assert '"status":"cancelled"' in rest
    kept = waiting.get(f"{THREADS}/{thread}").json()["messages"][0]
    assert "one two" in kept["message_payload"]
    assert waiting.post(f"{path(run_id)}/cancel").status_code == 409


def test_a_run_is_attached_to_after_the_number_that_was_seen_last(
    rest: httpx.Client, thread: int, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(with_tools(TOTALS, thread_id=thread, parent_message_id=0))
    run_id = whole[-1][1]["metadata"]["run_id"]
    monkeypatch.setattr("local_cortex.agents.runs.MOST_RUNNING", 1)
    ask(asking("Hello!"))

    later = rest.get(path(run_id), params={"starting_after": 5})

    assert events_of(later.text) == whole[5:]


def test_a_run_is_attached_to_in_its_middle_and_followed_to_its_end(
    start: Callable[..., LocalCortex], http: Callable[..., httpx.Client]
) -> None:
    gate = threading.Event()

    server = http(start(engine=Slow(lambda: asyncio.to_thread(gate.wait, 60))))
    _, run_id = background(server)
    with server.stream("GET", path(run_id)) as first:
        lines = first.iter_lines()
        seen = next(line for line in lines if "two" in line)
        after = json.loads(seen.removeprefix("data: "))["sequence_number"]
        with server.stream("GET", path(run_id), params={"starting_after": after - 1}) as second:
            again = second.iter_lines()
            assert next(line for line in again if "two" in line) == seen
            gate.set()
            assert [*again] == [*lines]
    whole = events_of(server.get(path(run_id)).text)
    numbers = [data["sequence_number"] for _, data in whole]
    assert numbers == list(range(1, len(whole) + 1))
    assert whole[-1][1]["status"] == "completed"


def test_a_run_goes_on_when_its_reader_has_gone(rest: httpx.Client, thread: int) -> None:
    asked = with_tools(TOTALS, thread_id=thread, parent_message_id=0)
    with rest.stream("POST", RUN, json=asked) as answer:
        told = next(line for line in answer.iter_lines() if '"run_id"' in line)
    run_id = json.loads(told.removeprefix("data: "))["metadata"]["run_id"]

    assert events_of(rest.get(path(run_id)).text)[-1][0] == "response"


def test_a_run_that_ended_long_ago_is_not_attached_to(
    rest: httpx.Client, thread: int, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ask(asking("Hello!", thread_id=thread, parent_message_id=0))
    monkeypatch.setattr("local_cortex.agents.runs.KEPT_SECONDS", 0.0)

    assert rest.get(path(said[-1][1]["metadata"]["run_id"])).status_code == 409


def test_another_user_s_run_can_t_be_read_or_cancelled(
    rest: httpx.Client, stranger: httpx.Client, ask: Ask, thread: int
) -> None:
    said = ask(asking("Hello!", thread_id=thread, parent_message_id=0))
    run_id = said[-1][1]["metadata"]["run_id"]

    assert stranger.get(path(run_id)).status_code == 404
    assert stranger.post(f"{path(run_id)}/cancel").status_code == 404


def test_a_user_s_runs_are_bounded(waiting: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_cortex.agents.runs.MOST_RUNNING", 1)
    thread, _ = background(waiting)
    asked = asking("x", thread_id=thread, parent_message_id=0, background=True)

    assert waiting.post(RUN, json=asked).status_code == 429


def test_a_run_has_so_many_bytes_at_most(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_cortex.agents.runs.MOST_BYTES", 2_000)

    events = ask(with_tools(TOTALS))

    assert names(events)[-1] == "error"
    assert "2,000 bytes" in events[-1][1]["message"]


class Choosing:
    """A model that plays ``parts`` when it is offered tools, and else answers."""

    name = "choosing"

    def __init__(self, *parts: Thinking | ToolPiece | Delta | EngineError) -> None:
        self.parts, self.calls = parts, list[Call]()

    async def stream(self, call: Call) -> Any:
        self.calls.append(call)
        for part in self.parts if call.tools else (Delta("in my own words"),):
            if isinstance(part, EngineError):
                raise part
            yield part
        yield End("stop", Usage(1, 2))


@pytest.fixture
def relayed(
    start: Callable[..., LocalCortex], http: Callable[..., httpx.Client]
) -> Callable[..., dict[str, dict[str, Any]]]:
    """Ask an agent whose model is the engine; return its events by their names."""

    def run(engine: Choosing, asked: dict[str, Any]) -> dict[str, dict[str, Any]]:
        server = start(engine=engine)
        session = server.session()
        session.sql("CREATE TABLE agent_sales AS SELECT 'Seoul' AS region, 15 AS amount").collect()
        session.close()
        return dict(events_of(http(server).post(RUN, json=asked).text))

    return run


def test_a_relayed_model_chooses_the_tool_and_words_what_it_found(relayed: Any) -> None:
    engine = Choosing(
        Thinking("Hm."),
        ToolPiece(0, '{"query": "total amount ', "c1", "numbers"),
        ToolPiece(0, 'by region"}'),
    )
    events = relayed(engine, with_tools("Where do we stand?"))

    assert events["response.thinking"]["text"] == "Hm."
    assert events["response.tool_use"]["input"] == {"query": "total amount by region"}
    assert events["response.text"]["text"] == "in my own words"
    offered, asked = engine.calls
    assert [tool.name for tool in offered.tools] == ["numbers", "get_weather"]
    assert offered.tools[1].parameters == WEATHER["tool_spec"]["input_schema"]
    assert "Seoul: 15" in asked.messages[0].content
    assert asked.messages[-1].content == "Where do we stand?"


def test_a_relayed_model_calls_a_tool_of_the_client(relayed: Any) -> None:
    engine = Choosing(Delta("Let me see. "), ToolPiece(0, '{"city": "Busan"}', "c", "get_weather"))
    events = relayed(engine, with_tools("Rain?"))

    assert events["response.tool_use"]["input"] == {"city": "Busan"}
    assert "response.text" not in events


@pytest.mark.parametrize(
    ("parts", "choice", "called"),
    [
        ([Delta("No need.")], "required", "numbers"),
        # Not a tool of the agent's, and no JSON.
        ([ToolPiece(0, "{}", "c", "rm")], "auto", None),
        ([ToolPiece(0, '{"query', "c", "numbers")], "auto", "numbers"),
        ([ToolPiece(0, "[" * 100_000, "c", "numbers")], "auto", "numbers"),
        ([ToolPiece(0, "7", "c", "numbers")], "auto", "numbers"),
        ([ToolPiece(0, '{"query": NaN}', "c", "numbers")], "auto", "numbers"),
        # A server without tools: the words decide.
        ([EngineError(400, "does not support tools")], "auto", "numbers"),
    ],
)
def test_whatever_a_relayed_model_makes_of_its_tools_is_answered(
    relayed: Any, parts: list[Any], choice: str, called: str | None
) -> None:
    events = relayed(Choosing(*parts), with_tools(TOTALS, tool_choice={"type": choice}))

    assert events.get("response.tool_use", {}).get("name") == called
    assert called is None or events["response.tool_use"]["input"] == {"query": TOTALS}
    assert events["response.text"]["text"] == "in my own words"


@pytest.mark.parametrize("count", [1, 1_000])
def test_a_relayed_model_that_answers_by_itself_is_asked_once(relayed: Any, count: int) -> None:
    engine = Choosing(*[Delta("word ")] * count)
    events = relayed(engine, with_tools(TOTALS))

    assert events["response.text"]["text"] == "word " * count
    assert len(engine.calls) == 1


def test_a_relay_that_fails_ends_the_run(relayed: Any) -> None:
    events = relayed(Choosing(EngineError(502, "cannot be reached")), with_tools(TOTALS))

    assert [*events][-1] == "error"
