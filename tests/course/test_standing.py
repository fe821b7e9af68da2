"""How far a learner is, and what comes next."""

from __future__ import annotations

import pytest

from course.content.lesson import Lesson, lessons
from course.content.outline import Outline, outline_of
from course.progress import EXERCISE
from course.progress.record import Progress
from course.standing import FINISH, OWN, Standing, Step, finish, next_step, standing_of
from tests.course.progress.test_progress_memory import MemoryStore

ONE, TWO, THREE = lessons()[:3]
HAS = Outline(("1_first", "2_second"), ("q-one",))
ALL = frozenset(HAS.exercises)


def day(lesson: Lesson, **differences: object) -> Standing:
    """Return how far a learner is in a day that has two exercises and a question."""
    return Standing(lesson, HAS, **differences)  # type: ignore[arg-type]


def done(lesson: Lesson, right: frozenset[str] = frozenset()) -> Standing:
    return day(lesson, opened=True, read=True, worked=True, solved=ALL, right=right)


def test_a_course_without_days_has_no_next_step() -> None:
    assert next_step([], None) is None


def test_a_first_visit_begins_with_the_first_day() -> None:
    assert next_step([day(ONE), day(TWO)], None) == Step("begin", ONE)


def test_a_day_that_was_only_opened_goes_on_at_its_beginning() -> None:
    days = [day(ONE, opened=True), day(TWO)]
    assert next_step(days, ONE.name) == Step("go_on", ONE, "")


def test_in_the_middle_of_a_day_it_goes_on_at_the_first_exercise_that_is_not_solved() -> None:
    days = [day(ONE, opened=True, worked=True, solved=frozenset({"1_first"})), day(TWO)]
    assert next_step(days, ONE.name) == Step("go_on", ONE, "exercise-2-second")


def test_a_day_whose_exercises_are_solved_goes_on_at_its_end() -> None:
    days = [day(ONE, opened=True, worked=True, solved=ALL), day(TWO)]
    assert next_step(days, ONE.name) == Step("go_on", ONE, FINISH)


def test_after_a_finished_day_comes_the_next_one_and_says_what_it_comes_after() -> None:
    assert next_step([done(ONE), day(TWO)], ONE.name) == Step("next", TWO, after=ONE)
    begun = day(TWO, opened=True)
    assert next_step([done(ONE), begun], ONE.name) == Step("go_on", TWO, after=ONE)


def test_the_day_that_was_opened_last_comes_before_one_that_was_passed_over() -> None:
    days = [day(ONE, opened=True), day(TWO, opened=True), day(THREE)]
    assert next_step(days, TWO.name) == Step("go_on", TWO)
    days = [day(ONE, opened=True), done(TWO), done(THREE)]
    assert next_step(days, THREE.name) == Step("go_on", ONE, after=THREE)


def test_a_day_that_is_no_more_leaves_the_first_one_that_is_not_finished() -> None:
    assert next_step([done(ONE), day(TWO)], "day_09_gone") == Step("next", TWO)


def test_once_everything_is_finished_open_questions_come_before_a_program_of_ones_own() -> None:
    days = [done(ONE, frozenset({"q-one"})), done(TWO)]
    assert next_step(days, TWO.name) == Step("repeat", TWO, after=TWO)
    days = [done(each, frozenset({"q-one"})) for each in (ONE, TWO)]
    assert next_step(days, TWO.name) == Step("own", TWO, OWN, after=TWO)


def test_a_day_is_finished_when_it_is_read_and_every_exercise_is_solved() -> None:
    assert done(ONE).done
    assert not day(ONE, read=True, solved=frozenset({"1_first"})).done
    assert not day(ONE, solved=ALL).done
    assert Standing(ONE, Outline(), read=True).done


def test_only_what_the_day_still_has_counts() -> None:
    learned, has = Progress(MemoryStore(), "me"), outline_of(ONE)
    question = has.questions[0]
    for item in (*has.exercises, "9_gone"):
        learned.record(ONE.name, "solved", EXERCISE + item)
    for item in (question, "q-gone"):
        learned.record(ONE.name, "solved", item)
    found = standing_of(ONE, learned)
    assert (found.solved, found.right) == (frozenset(has.exercises), frozenset({question}))
    assert found.worked
    assert not found.done
    learned.record(ONE.name, "read", value="yes")
    assert standing_of(ONE, learned).done


@pytest.mark.parametrize("value", ["no", "yes"])
def test_a_finished_day_is_celebrated_once(value: str) -> None:
    learned = Progress(MemoryStore(), "me")
    assert not finish(day(ONE, opened=True), learned)
    assert finish(done(ONE), learned)
    learned.record(ONE.name, "read", value=value)
    assert not finish(done(ONE), learned)
    # It is no second reading.
    assert standing_of(ONE, learned).read is (value == "yes")
