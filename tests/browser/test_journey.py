"""What every learner does, in a real browser: ask, watch, stop, answer, practise, read on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from course.language import texts
from local_cortex import tokens
from tests.browser.day_3 import (
    DAY,
    EXERCISES,
    answer,
    ask,
    choose_exercise,
    choose_language,
    editor,
    figure,
    grown,
    heading,
    open_day_3,
    panel,
    run_program,
    stop,
    whole,
    write_prompt,
)
from tests.browser.server import TOKENS_PER_SECOND

NewPage = Callable[..., Page]
SHOW = EXERCISES / "2_show_the_stream"


@pytest.mark.parametrize(
    ("locale", "title", "card"),
    [
        ("en-US", "Streaming Cortex", "Write Streams"),
        ("fr-FR", "Cortex 스트리밍 강의", "답변 스트리밍하기"),
    ],
)
def test_home_speaks_the_browsers_language_and_korean_otherwise(
    course: str, new_page: NewPage, locale: str, title: str, card: str
) -> None:
    page = new_page(locale=locale)
    page.goto(course)
    expect(heading(page, title)).to_be_visible()
    expect(page.get_by_role("heading", name=card, exact=False)).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_contain_text(card)


def test_home_leads_to_an_answer_that_grows_while_a_question_is_answered(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
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
    expect(page).to_have_url(re.compile(rf"/{DAY}\?lang=ko"))
    whole(page)
    write_prompt(page, "양자 컴퓨팅을 쉽게 설명해 주세요.")
    ask(page)
    expect(
        page.get_by_text(texts("ko")["demo.waiting"].format(model="llama3.1-8b"))
    ).to_be_visible()
    question = page.locator(".st-key-box-q-first-line")
    question.get_by_role("radiogroup").locator("label").nth(1).click()
    lengths = grown(page)
    assert len(lengths) > 8, "the text came in few steps"
    assert re.search("[가-힣]", answer(page))
    generation = (tokens.count(answer(page)) - 1) / TOKENS_PER_SECOND
    early = figure(page, "demo.total", "ko") - figure(page, "demo.first_text", "ko")
    assert early > 0.5 * generation, "the first text came late"
    expect(question.get_by_test_id("stAlert")).to_be_visible()
    assert (errors, outside) == ([], [])


def test_stop_keeps_the_text_and_the_language_survives_a_change_of_page_and_a_refresh(
    course: str, new_page: NewPage
) -> None:
    page = new_page()
    open_day_3(page, course)
    ask(page)
    page.wait_for_function("document.body.innerText.includes('Superposition')")
    stop(page).click()
    expect(page.get_by_text(texts("en")["demo.stopped"])).to_be_visible()
    kept = answer(page)
    assert "Superposition" in kept
    expect(stop(page)).to_be_hidden()
    choose_language(page, "한국어")
    expect(heading(page, "1. 개념 및 이론")).to_be_visible()
    expect(page).to_have_url(re.compile("lang=ko"))
    # Had it gone on, the whole answer would stand here by now.
    assert answer(page) == kept
    page.get_by_test_id("stSidebarNav").get_by_text(texts("ko")["course.home"]).click()
    expect(heading(page, texts("ko")["course.title"])).to_be_visible()
    page.reload()
    expect(heading(page, texts("ko")["course.title"])).to_be_visible()


def test_a_mistake_is_told_with_its_line_and_the_right_program_streams_and_passes(
    course: str, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2_000})
    open_day_3(page, course)
    choose_exercise(page, 2, "stream=True")
    editor(page).press("ControlOrMeta+Enter")
    expect(panel(page).get_by_text("Line 26 waits for the last piece")).to_be_visible()
    expect(panel(page).locator(".line-number.is-marked")).to_have_text("26")
    page.evaluate(
        """() => {
            window.lengths = new Set();
            new MutationObserver(() => {
                const running = document.querySelector('.st-key-practice-running');
                if (running) window.lengths.add(running.textContent.length);
            }).observe(document.body, {subtree: true, childList: true, characterData: true});
        }"""
    )
    run_program(page, (SHOW / "solution.py").read_text("utf-8"))
    expect(panel(page).get_by_text(texts("en")["practice.solved_next"])).to_be_visible()
    expect(panel(page).get_by_text("passed", exact=True)).to_have_count(5)
    assert page.evaluate("window.lengths.size") > 4, "the program's answer came at once"
