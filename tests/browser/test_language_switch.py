"""What a learner has answered, written and set stays through a change of language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import pytest
from playwright.sync_api import Locator, Page, expect

from course.content import lesson as catalog
from course.content import prose
from course.content.lesson_blocks import Heading, Question
from course.language import NAMES, Language, texts
from practice import load_exercises
from tests.browser.day_3 import open_by, open_drawer, rerun, settle, whole

# Each language is come back to once.
SWITCHES: tuple[Language, ...] = ("en", "ko", "en")
PROMPT = "What is streaming, in one word?"
# The second that the demo offers; its label is another one in each language.
MODEL = "mistral-large"
# One with all that a page has.
LESSON = catalog.find("day_03_write_streams")
CODE = "# mine\nimport streamlit as st\n"

Check: TypeAlias = Callable[[Language], None]


def switch(page: Page, language: Language) -> None:
    page.get_by_test_id("stSidebar").get_by_text(NAMES[language], exact=True).click()
    home = texts(language)["course.home"]
    expect(page.get_by_test_id("stSidebarNav").get_by_text(home, exact=True)).to_be_visible()
    chosen = page.get_by_test_id("stSidebar").get_by_role("radio", name=NAMES[language])
    expect(chosen).to_be_checked()
    settle(page)


def questions(page: Page) -> list[Locator]:
    blocks = [block for part in prose.sections(LESSON, "ko").values() for block in part]
    found = [block for block in blocks if isinstance(block, Question)]
    return [page.locator(f".st-key-box-{question.id}") for question in found]


def pick(page: Page, box: Locator, number: int) -> None:
    """Pick an option of a select box; it closes by itself."""
    field, option = box.get_by_role("combobox"), page.get_by_role("option").nth(number)
    # The list closes when the page scrolls, as it does to the field.
    field.scroll_into_view_if_needed()
    open_by(field, option)
    with rerun(page):
        option.click()


def answer_the_questions(page: Page) -> Check:
    boxes = questions(page)
    assert boxes
    for number, box in enumerate(boxes):
        box.get_by_role("radiogroup").locator("label").nth(number % 2).click()
        expect(box.get_by_test_id("stAlert")).to_be_visible()

    def check(_: Language) -> None:
        for number, box in enumerate(boxes):
            expect(box.get_by_role("radio").nth(number % 2)).to_be_checked()
            expect(box.get_by_test_id("stAlert")).to_be_visible()

    return check


def write_the_last_open_exercise(page: Page) -> Check:
    name = [each.name for each in load_exercises(LESSON.name) if not each.about.builds_on][-1]
    practice = page.locator(f".st-key-practice-{LESSON.name}-{name}-panel")
    editor = practice.locator("textarea")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(CODE)
    practice.locator("button", has_text="힌트 보기").click()

    def check(language: Language) -> None:
        hint = texts(language)["practice.hint_number"].partition("{count}")[0].format(number=1)
        expect(practice.get_by_text(hint)).to_be_visible()
        expect(editor).to_have_value(CODE)

    check("ko")
    return check


def set_the_demo(page: Page) -> Check:
    prompt, model = page.locator(".st-key-prompt input"), page.locator("[class*=st-key-model-]")
    prompt.fill(PROMPT)
    with rerun(page):
        prompt.press("Enter")
    pick(page, model, 1)

    def check(_: Language) -> None:
        expect(prompt).to_have_value(PROMPT)
        expect(model.get_by_role("combobox")).to_have_value(re.compile(MODEL))

    return check


def open_a_folded_part(page: Page) -> Check:
    blocks = [block for part in prose.sections(LESSON, "ko").values() for block in part]
    folded = [block for block in blocks if isinstance(block, Heading) and block.folded]
    parts = [page.locator(f".st-key-folded-{LESSON.name}-{each.id} details") for each in folded[:1]]
    for part in parts:
        part.locator("summary").click()

    def check(_: Language) -> None:
        for part in parts:
            expect(part).to_have_attribute("open", "")

    return check


def set_the_lab(page: Page) -> Check:
    third = page.locator(".st-key-lab-third")
    settings = page.locator("[class*=st-key-lab-settings-compare]")
    open_drawer(page.locator(".st-key-lab-drawer"), settings)
    question = page.locator("[class*=st-key-lab-question-]")
    open_drawer(settings, question)
    pick(page, question, 2)
    pick(page, page.locator("[class*=st-key-lab-pace-]"), 1)
    with rerun(page):
        third.locator("label").first.click()

    def check(language: Language) -> None:
        for key, chosen in (("question", "lab.length.long"), ("pace", "lab.pace.calm")):
            setting = page.locator(f"[class*=st-key-lab-{key}-]").get_by_role("combobox")
            label = texts(language)[chosen].partition("{")[0]
            expect(setting).to_have_value(re.compile(re.escape(label)))
        expect(third.get_by_role("checkbox")).not_to_be_checked()

    return check


@pytest.mark.thorough
def test_nothing_is_lost_when_the_language_is_switched_back_and_forth(
    course: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(f"{course}/{LESSON.name}?lang=ko")
    whole(page)
    acts = (
        answer_the_questions,
        open_a_folded_part,
        write_the_last_open_exercise,
        set_the_demo,
        set_the_lab,
    )
    checks = [act(page) for act in acts]
    for language in SWITCHES:
        switch(page, language)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        for check in checks:
            check(language)
    # What was kept is a number: another visit of the same learner has the same answers.
    again = new_page()
    again.goto(f"{course}/{LESSON.name}?lang=en")
    for number, box in enumerate(questions(again)):
        expect(box.get_by_role("radio").nth(number % 2)).to_be_checked()
