"""Which sentences a comparison earns, and with which figures."""

from __future__ import annotations

from course.lab.compare import lane_figures
from course.lab.results import findings
from course.lab.streams import Lane
from course.language import LANGUAGES, texts
from tests.course.lab_making import make_lane


def custom(**given: object) -> Lane:
    usual = {"time_to_first_delta": 5.0, "time_to_first_text": 5.0, "total": 17.0}
    return make_lane("custom", **(usual | given))


def direct(**given: object) -> Lane:
    return make_lane("direct", **({"time_to_first_text": 0.9, "total": 5.0, "pieces": 300} | given))


def ours(**given: object) -> Lane:
    usual = {"time_to_first_text": 1.0, "total": 5.2, "pieces": 100, "pacing_added": 0.2}
    return make_lane("ours", **(usual | given))


def said(*lanes: Lane) -> dict[str, dict[str, float]]:
    return {
        key: {name: round(value, 3) for name, value in each.items()}
        for key, each in findings(lanes)
    }


def test_what_method_2_costs_is_said_with_this_runs_figures() -> None:
    assert said(custom(), direct(), ours()) == {
        "lab.found.first_later": {"seconds": 4.1},
        "lab.found.typing": {"seconds": 12.0},
        "lab.found.total": {"slow": 17.0, "fast": 5.0},
        "lab.found.pieces": {"direct": 300, "ours": 100},
        "lab.found.pacing": {"seconds": 0.2},
    }


def test_without_method_1_our_own_stands_for_streaming() -> None:
    assert said(custom(), ours())["lab.found.first_later"] == {"seconds": 4.0}


def test_a_first_word_at_the_same_moment_is_not_called_later() -> None:
    found = said(custom(time_to_first_text=0.95, time_to_first_delta=0.95), direct())
    assert "lab.found.first_alike" in found
    assert "lab.found.first_later" not in found


def test_a_run_that_broke_off_is_compared_with_nothing() -> None:
    for status, code in (("failed", "cut"), ("cancelled", None), ("timeout", "idle")):
        assert said(custom(status=status, code=code), direct()) == {}
        assert set(said(custom(), direct(status=status, code=code))) == {"lab.found.typing"}


def test_nothing_is_said_of_what_nobody_can_see() -> None:
    found = said(custom(total=5.05), direct(pieces=100), ours(pacing_added=0.01))
    assert set(found) == {"lab.found.first_later"}


def test_the_speed_of_an_answer_that_has_ended_stays() -> None:
    lane = direct(characters=500)
    assert "100" in lane_figures(lane, 5.0)
    assert lane_figures(lane, 50.0) == lane_figures(lane, 5.0)


def test_every_finding_has_its_sentence_in_both_languages() -> None:
    for key, figures in findings([custom(), direct(), ours()]):
        for language in LANGUAGES:
            assert texts(language)[key].format(**figures)
