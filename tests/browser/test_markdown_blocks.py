"""A streamed answer looks like the whole of it, and fetches nothing, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from streaming.view.untrusted import JOINER
from tests.browser.nasty_markdown import (
    ATTACKS,
    CODE,
    CORPUS,
    INLINE_CODE,
    MARKER,
    ONE_OF_A_KIND,
    STOPPED,
)
from tests.browser.server import streamlit_server

SCRIPT = Path(__file__).with_name("markdown_page.py")

# The elements and texts of a container's Markdown; not the names of styles, which Streamlit makes.
RENDERED = """key => {
    const kept = ['href', 'src', 'start', 'type', 'checked', 'align', 'colspan', 'title', 'alt'];
    const say = node => {
        if (node.nodeType === Node.TEXT_NODE) return node.textContent;
        if (node.nodeType !== Node.ELEMENT_NODE) return '';
        if (node.matches('[data-testid=stHeaderActionElements], button, svg')) return '';
        const attributes = kept.filter(name => node.hasAttribute(name))
            .map(name => ` ${name}=${node.getAttribute(name)}`).join('');
        const inside = [...node.childNodes].map(say).join('');
        const tag = node.tagName.toLowerCase();
        return ['div', 'span'].includes(tag) ? inside : `<${tag}${attributes}>${inside}</${tag}>`;
    };
    // Code in a fence may have an element of its own, without a joiner.
    const elements = '[data-testid=stMarkdownContainer], [data-testid=stCode]';
    const parts = [...document.querySelectorAll(`.st-key-${key} :is(${elements})`)]
        .filter(each => !each.parentElement.closest(elements));
    return parts.map(say).join('').replace(/\\n+(?=<|$)|(?<=>)\\n+|\u2060/g, '');
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streamlit_server(tmp_path_factory.mktemp("home"), SCRIPT) as address:
        yield address


def open_part(page: Page, url: str, part: str) -> Page:
    page.goto(f"{url}?part={part}")
    expect(page.get_by_text("The end", exact=True)).to_be_visible()
    # Code is coloured when its part of the program has been loaded.
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    return page


@pytest.mark.parametrize(
    "part", ["one of a kind", pytest.param("the others", marks=pytest.mark.thorough)]
)
def test_blocks_look_like_the_whole_and_so_does_what_show_leaves(
    new_page: Callable[..., Page], url: str, part: str
) -> None:
    page = open_part(new_page(), url, part)
    for number, name in enumerate(CORPUS):
        if (name in ONE_OF_A_KIND) != (part == "one of a kind"):
            continue
        whole = page.evaluate(RENDERED, f"whole-{number}")
        assert whole, name
        assert page.evaluate(RENDERED, f"blocks-{number}") == whole, name
        assert page.evaluate(RENDERED, f"shown-{number}") == whole, name


@pytest.mark.thorough
def test_a_models_text_fetches_nothing_and_renders_no_html(
    new_page: Callable[..., Page], url: str
) -> None:
    page = new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_part(page, url, "attacks")
    page.wait_for_load_state("networkidle")
    inside = "[data-testid=stMarkdownContainer]"
    assert page.locator(f"{inside} a[href^='{MARKER}']").count() > 0
    live = page.evaluate(
        """tags => [...document.querySelectorAll(tags)].map(element =>
            element.closest('[class*=st-key-attack-]')?.className.match(/attack-(\\d+)/)?.[1])""",
        "img, iframe, video, script, style, link, object, embed, [data-testid=stMermaidChart]",
    )
    assert [ATTACKS[int(number)] for number in live if number is not None] == []
    assert page.locator(f"{inside} [href^='javascript:']").count() == 0
    # What is not made harmless is seen to be fetched.
    assert {address for address in requests if "attacker" in address} == {f"{MARKER}/control"}
    assert [each for each in requests if not each.startswith((url, "data:", MARKER))] == []


@pytest.fixture(scope="module")
def code_page(browser: Browser, url: str) -> Iterator[Page]:
    page = open_part(browser.new_page(), url, "code")
    yield page
    page.close()


@pytest.mark.thorough
def test_code_is_shown_character_for_character(code_page: Page) -> None:
    shown = code_page.locator(".st-key-code code").all_text_contents()
    # It can be copied as it came where it has a fence of its own; the joiner takes no room.
    assert [code.strip() for code in shown[:2]] == [CODE] * 2
    shown = [code.replace(JOINER, "").strip() for code in shown]
    assert shown == [*[CODE] * 5, *[INLINE_CODE] * 3]
    assert code_page.locator(".st-key-code [data-testid=stMermaidChart]").count() == 0


@pytest.mark.thorough
def test_a_stopped_answer_keeps_every_character(code_page: Page) -> None:
    for number, text in enumerate(STOPPED):
        answer = code_page.locator(f".st-key-stopped-{number}")
        assert (answer.text_content() or "").strip().replace(JOINER, "") == text
