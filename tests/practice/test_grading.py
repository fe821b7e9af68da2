"""A program is judged by its text and by what it did, and told the first thing to mend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

import pytest

from practice.conditions import Condition
from practice.events import (
    Again,
    Asked,
    Delta,
    Draw,
    Ended,
    Event,
    Failed,
    Piece,
    Printed,
    Queried,
    Reason,
    Shown,
    Slept,
)
from practice.evidence import scenes_of
from practice.exercises import Exercise, ExerciseFile
from practice.grading import CheckResult, can_be_run, grade
from practice.sandbox.answers import Answers
from practice.sandbox.job import RunLimits
from streaming import CompletionRequest

TEXT = {"ko": "한국어 {line}", "en": "English {line}"}
TITLE = {"ko": "제목", "en": "Title"}
END = Ended(reason="end")


def exercise(*passes: dict[str, Any], **more: Any) -> Exercise:
    """Make an exercise with a check for each condition."""
    about = {
        "title": TITLE,
        "task": TITLE,
        "hints": [TITLE],
        "scenes": [{"id": "one"}],
        "checks": [
            {"id": f"check_{number}", "title": TITLE, "passes": each, "otherwise": TEXT}
            for number, each in enumerate(passes)
        ],
    }
    given = ExerciseFile.model_validate(about | more)
    return Exercise(day="day_01_x", name="1_x", about=given, starter="", solution="")


def asked(*, stream: bool = True, line: int = 3, call: int = 0) -> Asked:
    return Asked(model="m", prompt="hi", options=None, stream=stream, call=call, line=line)


def streamed(kind: str, pieces: Sequence[tuple[float, str]], line: int = 4) -> list[Event]:
    begin = Draw(name="stream", args={"source": {"kind": kind}}, into=0, id=7, line=line)
    return [begin, *(Piece(id=7, text=text, at=at) for at, text in pieces), Shown(id=7)]


def passed(condition: dict[str, Any], code: str, events: Sequence[Event]) -> bool:
    (result,) = (r for r in grade(exercise(condition), code, events) if r.id == "check_0")
    return result.passed


def by_id(results: Sequence[CheckResult], name: str) -> CheckResult:
    return next(result for result in results if result.id == name)


def test_a_program_that_does_not_parse_is_told_only_that() -> None:
    results = grade(exercise({"code": "x"}, {"code": "y"}), "x = (\n", [END], "en")
    assert [result.id for result in results] == ["parses", "check_0", "check_1"]
    assert results[0].line == 1
    assert "Line 1" in results[0].message
    assert [result.message for result in results[1:]] == ["", ""]


def test_a_call_counts_inside_a_function_only_where_it_stands_in_it() -> None:
    code = "def ask():\n    st.warning('x')\nask()\nst.warning('x')"
    warned = {"called": "st.warning", "inside": "ask"}
    for line, is_inside in ((2, True), (4, False)):
        box = Draw(name="warning", args={"body": "x"}, into=0, id=1, line=line)
        assert passed(warned, code, [box, END]) is is_inside


def test_a_check_that_is_not_judged_has_its_title_in_the_language_asked_for() -> None:
    for code in ("x = (\n", "x = ____\n"):
        unjudged = by_id(grade(exercise({"code": "x"}), code, [], "en"), "check_0")
        assert (unjudged.passed, unjudged.title) == (False, "Title")


def test_a_blank_that_is_left_is_named_before_anything_else_is_judged() -> None:
    results = grade(exercise({"code": "x"}), "x = 1\nst.write(____)\n", [END], "en")
    assert by_id(results, "blanks").line == 2
    assert by_id(results, "check_0").message == ""


def test_where_nobody_knows_the_mistake_no_line_is_marked() -> None:
    result = by_id(grade(exercise({"called": "Complete"}), "x = 1\n", [END], "en"), "check_0")
    assert (result.passed, result.mistake, result.line) == (False, None, 0)


def test_an_error_is_shown_with_its_line_and_what_did_not_happen_for_it_is_no_second_fault() -> (
    None
):
    failed = Failed(type="NameError", module="builtins", message="name `x`", lines=[2, 9])
    unasked = {"id": "unasked", "when": {"code": "a", "no": {"called": "Complete"}}, "say": TEXT}
    check = {"id": "check_0", "title": TITLE, "passes": {"called": "Complete"}, "otherwise": TEXT}
    about = exercise(checks=[check | {"mistakes": [unasked]}])
    results = grade(about, "a\n", [failed, Ended(reason="error")], "en")
    runs = by_id(results, "runs")
    assert (runs.passed, runs.line) == (False, 9)
    assert "`` NameError: name `x` ``" in runs.message
    assert by_id(results, "check_0").message == ""


def test_an_error_that_the_exercise_knows_is_explained_before_it_is_quoted() -> None:
    known = {"id": "known", "when": {"error": "NameError"}, "say": TEXT}
    failed = Failed(type="NameError", module="builtins", message="x", lines=[2])
    about = exercise({"called": "Complete"}, errors=[known])
    runs = by_id(grade(about, "a\n", [failed, Ended(reason="error")], "ko"), "runs")
    assert runs.mistake == "known"
    assert runs.message.startswith("한국어 2\n\n2번째 줄에서 오류가")


def test_a_limit_that_the_exercise_knows_the_reason_for_is_explained_by_it() -> None:
    known = {"id": "known", "when": {"ended": "flood", "code": "kept[2:]"}, "say": TEXT}
    about = exercise({"called": "Complete"}, errors=[known])
    runs = by_id(grade(about, "kept[2:]\n", [Ended(reason="flood")], "en"), "runs")
    assert (runs.mistake, runs.message, runs.line) == ("known", "English 1", 1)


def test_a_mistake_that_is_recognised_is_told_with_its_line_in_the_language_asked_for() -> None:
    check = {
        "id": "check_0",
        "title": TITLE,
        "passes": {"called": "Complete", "with": {"stream": True}},
        "mistakes": [
            {"id": "never", "when": {"code": "no_such_call()"}, "say": TITLE},
            {"id": "waits", "when": {"called": "Complete", "with": {"stream": False}}, "say": TEXT},
        ],
        "otherwise": TITLE,
    }
    about = exercise(checks=[check])
    events = [asked(stream=False, line=12), END]
    for language, said in (("ko", "한국어 12"), ("en", "English 12")):
        result = by_id(grade(about, "x\n", events, language), "check_0")  # type: ignore[arg-type]
        assert (result.message, result.mistake, result.line) == (said, "waits", 12)


def test_the_very_iterator_is_told_from_a_list_of_its_pieces() -> None:
    pieces = [(0.0, "A "), (0.3, "qubit")]
    for kind, right in (("complete", True), ("list", False), ("generator", False)):
        events = [asked(), *streamed(kind, pieces), END]
        assert passed({"shown": "complete"}, "x\n", events) is right


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"longest": 5}, True),
        ({"longest": 4}, False),
        ({"shortest": 2}, True),
        ({"shortest": 3}, False),
        ({"pause": 0.3}, True),
        ({"pause": 0.2}, False),
        ({"live": True}, True),
        ({"live": False}, False),
        ({"other": False}, True),
        ({"other": True}, False),
    ],
)
def test_pieces_are_counted_measured_and_timed(wanted: dict[str, Any], right: bool) -> None:
    begin, first, second, end = streamed("generator", [(0.1, "A "), (0.4, "qubit")])
    sent = Delta(call=0, text="A ")
    events: list[Event] = [asked(), sent, begin, first, Slept(seconds=0.3), sent, second, end, END]
    assert passed({"pieces": wanted}, "x\n", events) is right


def test_a_pause_before_the_first_piece_or_after_the_last_is_none_between_them() -> None:
    begin, first, second, end = streamed("generator", [(0.1, "A "), (0.4, "qubit")])
    pause = Slept(seconds=0.05)
    events: list[Event] = [asked(), begin, pause, first, second, pause, end, END]
    assert passed({"pieces": {"pause": 0.0}}, "x\n", events)
    assert not passed({"pieces": {"pause": 0.05}}, "x\n", events)


@pytest.mark.parametrize(
    ("shown", "part"), [("A ", "start"), ("qubit", "end"), ("A qubit", None), ("qub", None)]
)
def test_a_part_of_the_answer_is_told_from_all_of_it(shown: str, part: str | None) -> None:
    sent: list[Event] = [asked(), Delta(call=0, text="A qubit")]
    events = [*sent, *streamed("generator", [(0.0, shown)]), END]
    for each in ("start", "end"):
        assert passed({"part": each}, "x\n", events) is (each == part)


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("except ValueError: ...", True),
        ("except (KeyError, TypeError, errors.ValueError) as error: ...", True),
        ("except Exception: ...", False),
        ("except: ...", False),
    ],
)
def test_an_exception_may_be_caught_alone_or_among_others(code: str, right: bool) -> None:
    assert passed({"catches": "ValueError"}, f"try: ...\n{code}\n", [END]) is right


def test_the_whole_answer_is_what_the_model_sent() -> None:
    sent: list[Event] = [Delta(call=0, text="A "), Delta(call=0, text="qubit")]
    for shown, right in (("A qubit", True), ("A ", False)):
        events: list[Event] = [asked(), *sent, *streamed("generator", [(0.0, shown)]), END]
        assert passed({"whole": True}, "x\n", events) is right


def test_a_text_may_be_compared_with_what_the_model_sent() -> None:
    caption = Draw(name="caption", args={"body": "7 characters kept"}, into=0, id=1)
    events: list[Event] = [asked(), Delta(call=0, text="A qubit"), caption, END]
    condition = {"called": "st.caption", "with": {"body": {"contains": "{answer_length} ch"}}}
    assert passed(condition, "x\n", events)
    assert not passed(condition, "x\n", [asked(), Delta(call=0, text="A"), caption, END])


def test_a_text_may_be_compared_with_what_a_statement_gave_whatever_shows_it() -> None:
    condition = {"called": "st.*", "with": {"body": {"contains": "Version: {value}"}}}
    shown = Draw(name="info", args={"body": "version: 9.2"}, into=0, id=1)
    for value, right in (("9.2", True), ("9.3", False)):
        queried = Queried(query="SELECT 1", params=None, value=value)
        assert passed(condition, "x\n", [queried, shown, END]) is right


def test_an_errors_message_may_be_asked_for() -> None:
    failed = Failed(type="NameError", module="builtins", message="name 'st' is not", lines=[2])
    for part, right in (("'st'", True), ("'time'", False)):
        condition = {"error": "NameError", "message": {"contains": part}}
        assert passed(condition, "x\n", [failed, Ended(reason="error")]) is right


def test_a_renamed_button_or_field_is_told_before_what_follows_from_it() -> None:
    button = Draw(name="button", args={"label": "Go", "now": True}, into=0, id=1)
    field = Draw(name="text_input", args={"label": "Prompt", "now": ""}, into=0, id=2)
    scene = {"id": "one", "press": ["Go"], "inputs": {"Prompt": ""}}
    about = exercise({"called": "Complete"}, scenes=[scene])
    drawn: list[tuple[list[Event], str]] = [
        ([field, END], "presses the button `Go`"),
        ([button, END], "fills in the field `Prompt`"),
    ]
    for events, said in drawn:
        result = next(each for each in grade(about, "x\n", events, "en") if not each.passed)
        assert (result.id, said in result.message) == ("labels", True)
    assert "labels" not in [each.id for each in grade(about, "x\n", [button, field, END])]


def test_a_chat_input_that_is_never_drawn_is_told_where_the_scene_types_into_one() -> None:
    about = exercise({"called": "Complete"}, scenes=[{"id": "one", "say": ["Hi"]}])
    told = [each for each in grade(about, "x\n", [END], "en") if each.id == "labels"]
    assert [(each.passed, "no `st.chat_input`" in each.message) for each in told] == [(False, True)]
    field = Draw(name="chat_input", args={"placeholder": "Say"}, into=0, id=1)
    assert "labels" not in [each.id for each in grade(about, "x\n", [field, END])]


def test_an_answer_may_be_shown_in_the_run_that_a_rerun_begins() -> None:
    condition = {"run": 1, "called": "st.markdown", "with": {"body": {"contains": "{answer}"}}}
    answered: list[Event] = [Again(said="Hi"), asked(call=0), Delta(call=0, text="A reply.")]
    for body, right in (("A reply.", True), ("Another.", False)):
        shown = Draw(name="markdown", args={"body": body}, into=0, id=1)
        assert passed(condition, "x\n", [*answered, Again(said=None), shown, END]) is right


def test_a_button_that_a_program_rightly_did_not_get_to_is_not_missing() -> None:
    button = Draw(name="button", args={"label": "Go", "now": True}, into=0, id=1)
    scenes = [{"id": name, "title": TITLE, "press": ["Go"]} for name in ("full", "empty")]
    about = exercise({"called": "st.button"}, scenes=scenes)
    assert all(each.passed for each in grade(about, "x\n", [button, END, END]))


def test_why_a_run_was_ended_is_told() -> None:
    about = exercise({"called": "Complete"})
    result = by_id(grade(about, "x\n", [Ended(reason="cpu")], "en"), "runs")
    assert "computed for more than 1.5 s" in result.message


@pytest.mark.parametrize("reason", sorted({*get_args(Reason)} - {"end", "error"}))
def test_a_program_that_did_not_come_to_its_end_has_not_run(reason: Reason) -> None:
    about = exercise({"called": "Complete"})
    result = by_id(grade(about, "x\n", [Ended(reason=reason)], "en"), "runs")
    assert not result.passed
    assert result.message


def test_what_the_sandbox_has_not_is_explained_without_the_name_of_its_error() -> None:
    failed = Failed(type="NotHere", module="x", message="no keyboard", lines=[3], what="input")
    about = exercise({"called": "Complete"})
    result = by_id(grade(about, "x\n", [failed, Ended(reason="error")], "en"), "runs")
    assert result.message.startswith("There's no keyboard input here")
    assert result.message.endswith("Look at line 3.")


def test_a_long_message_of_several_lines_is_told_shortened_and_on_one() -> None:
    query_id = "01bf5d2e-0000-1111-2222-333344445555"
    message = (
        f"(1304): {query_id}: 001003 (42000): SQL compilation error:\nsyntax error" + "!" * 500
    )
    failed = Failed(type="SnowparkSQLException", module="x", message=message, lines=[1])
    about = exercise({"called": "Complete"})
    said = by_id(grade(about, "x\n", [failed, Ended(reason="error")], "en"), "runs").message
    assert "(1304): 001003 (42000): SQL compilation error: syntax error!" in said
    assert len(said) < 400


@pytest.mark.parametrize(
    ("condition", "tentative"),
    [
        ({"called": "Complete"}, False),
        ({"called": "Complete", "times": 1}, True),
        ({"no": {"called": "Complete"}}, True),
        ({"pieces": {"longest": 5}}, True),
        ({"pieces": {"at_least": 3}}, False),
        ({"read": False}, True),
        ({"all": [{"whole": True}]}, True),
        ({"called": "st.*", "with": {"body": {"contains": "{answer}"}}}, True),
    ],
)
def test_what_may_yet_turn_out_otherwise_is_not_ticked_before_the_end(
    condition: dict[str, Any], tentative: bool
) -> None:
    assert Condition.model_validate(condition).is_tentative is tentative


@pytest.mark.parametrize(
    ("code", "runs"),
    [
        ("x = 1", True),
        ("x = (", False),
        ("x = ____", False),
        ("st.____(x)", False),
        ("f(____=1)", False),
        ("def ____(): 1", False),
        ("import ____", False),
    ],
)
def test_what_does_not_parse_or_has_a_blank_is_not_run(code: str, runs: bool) -> None:
    assert can_be_run(code) is runs


@pytest.mark.parametrize("condition", [{}, {"with": {}}, {"all": []}, {"any": []}])
def test_a_condition_that_says_nothing_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is empty"):
        Condition.model_validate(condition)


def test_what_has_not_come_is_not_shown() -> None:
    condition = {"called": "st.*", "with": {"body": {"contains": "{value}"}}}
    shown = Draw(name="info", args={"body": "anything"}, into=0, id=1)
    assert not passed(condition, "x\n", [shown, END])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('A "qubit".', 'A "qubit".'),
        ('"A \\"qubit\\"."', 'A "qubit".'),
        (None, ""),
        ("9.3", "9.3"),
        ("[" * 100_000, "[" * 100_000),
    ],
    ids=["text", "a JSON string", "NULL", "a number", "no JSON"],
)
def test_the_value_of_a_statement_is_the_text_that_a_page_should_show(
    value: str | None, told: str
) -> None:
    def no_model(_: CompletionRequest) -> str:
        raise AssertionError

    answers = Answers(no_model, lambda *_: (["answer"], [[value]]), RunLimits())
    event, line = answers.to(Queried(query="SELECT AI_COMPLETE(?, ?)", params=["m", "hi"]))
    assert isinstance(event, Queried)
    assert event.value == told
    assert json.loads(line)["rows"] == [[value]], "the program gets the value as it came"


def test_arguments_are_of_the_same_kind_and_not_only_equal() -> None:
    query = Queried(query="SELECT ?", params=["hi", 1])
    wanted = {"called": "session.sql", "with": {"query": {"contains": "?", "lacks": "hi"}}}
    assert passed(wanted, "x\n", [query, END])
    assert not passed({"called": "session.sql", "with": {"params": [1]}}, "x\n", [query, END])
    assert not passed({"called": "Complete", "with": {"stream": 1}}, "x\n", [asked(), END])


def test_a_check_looks_at_its_own_scene() -> None:
    about = exercise(
        scenes=[{"id": "full", "title": TITLE}, {"id": "empty", "title": TITLE}],
        checks=[
            {
                "id": "check_0",
                "title": TITLE,
                "scene": "empty",
                "passes": {"no": {"called": "Complete"}},
                "otherwise": TEXT,
            }
        ],
    )
    assert by_id(grade(about, "x\n", [asked(), END, END]), "check_0").passed
    assert not by_id(grade(about, "x\n", [END, asked(), END]), "check_0").passed


def test_where_nothing_can_be_run_only_the_shape_of_the_code_is_judged() -> None:
    about = exercise({"code": "st.write_stream(__)"}, {"called": "Complete"})
    results = grade(about, "st.write_stream(x)\n", [])
    assert [(result.id, result.passed) for result in results] == [
        ("parses", True),
        ("check_0", True),
    ]


def test_what_a_scene_has_done_is_known_in_the_order_of_its_runs() -> None:
    def run(number: int) -> list[Event]:
        asked = Asked(model=f"m{number}", prompt="p", options=None, stream=True, call=number)
        return [
            Queried(query="q", params=None, value=f"value {number}"),
            asked.model_copy(update={"line": number}),
            Delta(call=number, text=f"answer {number}"),
            Draw(name="write", args={}, id=number, into=0),
            Printed(text=f"printed {number}", line=number),
            Slept(seconds=number, line=number),
        ]

    again = Again(said="more")
    (found,) = scenes_of([*run(1), again, *run(2), again, Printed(text="last"), END])
    assert found.value == "value 2"
    assert found.answer == "answer 2"
    assert [*found.answers.values()] == ["answer 1", "answer 2"]
    assert [*found.open.values()] == [1, 2]
    assert [each.name for each in found.calls] == ["session.sql", "Complete", "st.write"] * 2
    assert [text for text, _ in found.printed] == ["printed 1", "printed 2", "last"]
    assert found.sleeps == [(1, 1), (2, 2)]
