"""What every learner does, in a real browser: ask, watch, stop, answer, practise, read on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from tests.browser.day_3 import (
    DAY,
    EXERCISES,
    SHOW,
    answer,
    answered,
    choose_language,
    editor,
    generate,
    heading,
    open_day_3,
    output,
    panel,
    run_program,
    stop,
    whole,
    write_prompt,
)
from tests.browser.endless_model import EndlessModel

NewPage = Callable[..., Page]


def test_home_speaks_the_browsers_language(course: str, new_page: NewPage) -> None:
    page = new_page(locale="en-US")
    page.goto(course)
    expect(heading(page, "Streaming Cortex")).to_be_visible()
    expect(page.get_by_role("heading", name="Write Streams", exact=False)).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_contain_text("Write Streams")


def test_home_leads_to_an_answer_and_to_an_exercise_and_nobody_else_is_asked_for_anything(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    errors: list[str] = []
    outside: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((course, "data:", "blob:")) else outside.append(asked.url)
        ),
    )
    page.goto(course)
    page.get_by_role("link", name="Day 3 보기").click()
    expect(heading(page, "Day 3. 답변 스트리밍하기")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/{DAY}$"))
    whole(page)
    write_prompt(page, "양자 컴퓨팅을 쉽게 설명해 주세요.")
    generate(page).click()
    answered(page)
    assert re.search("[가-힣]", answer(page))
    # The verdict names a mistake's line, and the right program passes.
    shows = panel(page, SHOW)
    editor(page, SHOW).press("ControlOrMeta+Enter")
    expect(shows.get_by_text("26번째 줄은 마지막 조각이 올 때까지")).to_be_visible()
    expect(shows.locator(".line-number.is-marked")).to_have_text("26")
    run_program(page, (EXERCISES / SHOW / "solution.py").read_text("utf-8"), SHOW)
    expect(shows.get_by_text(texts("ko")["practice.solved"])).to_be_visible()
    expect(shows.get_by_text(texts("ko")["practice.passed"], exact=True)).to_have_count(5)
    assert (errors, outside) == ([], [])


@pytest.mark.thorough
def test_on_a_phone_an_answer_stays_where_it_is_while_it_grows(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 360, "height": 800}, reduced_motion="reduce")
    open_day_3(page, course)
    generate(page).click()
    shown = page.locator(".st-key-answer-0")
    expect(shown).to_have_text(re.compile(".{100}", re.DOTALL))
    top = "each => each.getBoundingClientRect().top"
    begun = shown.evaluate(top)
    answered(page)
    # A line of text, where a whole answer is many windows long.
    assert abs(shown.evaluate(top) - begun) < 30


@pytest.mark.thorough
def test_an_answer_goes_on_whatever_is_clicked_until_stop_keeps_its_text(
    endless_course: str, model: EndlessModel, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    open_day_3(page, endless_course)
    generate(page).click()
    shown = page.locator(".st-key-answer-0")
    expect(shown).to_contain_text("word word")

    def goes_on() -> None:
        before = len(answer(page))
        expect(shown).to_have_text(re.compile(rf".{{{before + 20},}}", re.DOTALL))

    question = page.locator(".st-key-box-q-first-line")
    question.get_by_role("radiogroup").locator("label").nth(1).click()
    expect(question.get_by_test_id("stAlert")).to_be_visible()
    goes_on()
    choose_language(page, "한국어")
    expect(heading(page, "1. 개념 및 이론")).to_be_visible()
    goes_on()
    navigation = page.get_by_test_id("stSidebarNav")
    navigation.get_by_text(texts("ko")["course.home"]).click()
    expect(heading(page, texts("ko")["course.title"])).to_be_visible()
    navigation.get_by_text("Day 3").click()
    goes_on()
    page.reload()
    goes_on()
    model.comes_to_be_read_by(1)
    stop(page).click()
    expect(page.get_by_text(texts("ko")["demo.stopped"])).to_be_visible()
    expect(stop(page)).to_be_hidden()
    model.comes_to_be_read_by(0)
    kept = answer(page)
    page.reload()
    expect(page.get_by_text(texts("ko")["demo.stopped"])).to_be_visible()
    assert answer(page) == kept
    # Nothing of it stands beside the next one.
    expect(page.get_by_test_id("stMetric")).to_have_count(3)
    generate(page).click()
    expect(stop(page)).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    expect(page.get_by_text(texts("ko")["demo.stopped"])).to_have_count(0)
    stop(page).click()
    expect(stop(page)).to_be_hidden()
    # A program's answer streams as well.
    shows = panel(page, SHOW)
    run_program(page, (EXERCISES / SHOW / "solution.py").read_text("utf-8"), SHOW)
    expect(output(page, SHOW)).to_contain_text("word word")
    # Every other click is answered while it runs, and it goes on.
    shows.get_by_role("button", name="힌트 보기").click()
    expect(shows.get_by_text("힌트 1/")).to_be_visible()
    # Another program runs beside it, and ends.
    run_program(page, 'print("beside it")\n')
    expect(output(page)).to_contain_text("beside it")
    expect(panel(page).get_by_role("button", name="실행", exact=True)).to_be_visible()
    before = len(output(page, SHOW).inner_text())
    expect(output(page, SHOW)).to_have_text(re.compile(rf".{{{before + 20},}}", re.DOTALL))
    shows.get_by_role("button", name="실행 중").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(shows.get_by_text(texts("ko")["practice.stopped"])).to_be_visible()
    expect(shows.get_by_role("button", name="멈추기", exact=True)).to_be_hidden()
    expect(shows.get_by_role("button", name="실행", exact=True)).to_be_focused()
    page.reload()
    expect(shows.get_by_text(texts("ko")["practice.stopped"])).to_be_visible()
    expect(shows).to_contain_text("word word")
