"""The code editor in a real browser: its marks, and what everybody needs who reads it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal, TypeAlias

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from practice.editor import LIMIT
from tests.browser.editor.desk import area, button, click_elsewhere, given, go, runs
from tests.browser.editor.editor_page import LABELS, NASTY, STARTERS

AA = 4.5
Scheme: TypeAlias = Literal["dark", "light"]
NewPage = Callable[..., Page]

# --- marks --------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_a_mark_is_seen_and_heard(page: Page, url: str) -> None:
    go(page, url)
    status = page.locator(".marks")
    assert status.get_attribute("role") == "status", "it is there before there is something to say"
    expect(area(page)).to_have_attribute("aria-invalid", "false")
    click_elsewhere(page, "checkbox", "Marked")
    expect(status).to_have_text("Line 2: NameError: name 'b' is not defined")
    expect(area(page)).to_have_attribute("aria-invalid", "true")
    assert marked_lines(page) == ["2"]
    row, line = page.locator(".row").bounding_box(), page.locator(".line").nth(1).bounding_box()
    assert row is not None
    assert line is not None
    assert (row["y"], row["height"]) == (line["y"], line["height"])
    click_elsewhere(page, "radio", "ko")
    expect(status).to_have_text("2번째 줄: NameError: name 'b' is not defined")
    click_elsewhere(page, "checkbox", "Marked")
    expect(status).to_be_empty()
    assert marked_lines(page) == []


def marked_lines(page: Page) -> list[str]:
    return page.locator(".line-number.is-marked").all_inner_texts()


@pytest.mark.thorough
def test_a_mark_stays_with_its_line_and_goes_when_the_line_changes(page: Page, url: str) -> None:
    go(page, url)
    click_elsewhere(page, "checkbox", "Marked")
    expect(page.locator(".mark")).to_have_count(1)
    area(page).press("Control+Home")
    page.keyboard.press("Enter")
    assert marked_lines(page) == ["3"]
    expect(page.locator(".marks")).to_contain_text("Line 3:")
    page.keyboard.press("Control+z")
    assert marked_lines(page) == ["2"]
    page.keyboard.press("ArrowDown")
    page.keyboard.type("c")
    assert marked_lines(page) == []
    expect(page.locator(".marks")).to_be_empty()


# --- what is drawn --------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_coloured_text_lies_exactly_under_the_typed_one(page: Page, url: str) -> None:
    go(page, url, "lesson")
    given(
        page, "|" + STARTERS["lesson"] + "\tb = '탭 가나다 ABC …' # 👋 " + "long " * 40 + "\n" * 30
    )
    area(page).evaluate("area => { area.scrollTop = 33; area.scrollLeft = 41; area.blur(); }")
    page.wait_for_function(
        """() => {
            const root = document.querySelector('.stBidiComponent [data-testid]').shadowRoot;
            return root.querySelector('.colours').style.transform === 'translate(-41px, -33px)';
        }"""
    )
    pictures = []
    for style in (
        ".colours * { color: black !important } .colours { color: black }",
        ".colours { visibility: hidden } textarea { -webkit-text-fill-color: black !important }",
    ):
        page.locator(".editor").evaluate(
            """(editor, style) => {
                const sheet = document.createElement('style');
                sheet.textContent = style;
                editor.parentNode.querySelector('.for-the-test')?.remove();
                sheet.className = 'for-the-test';
                editor.parentNode.append(sheet);
            }""",
            style,
        )
        pictures.append(Image.open(io.BytesIO(page.locator(".page").screenshot())).convert("L"))
    assert sum(pictures[0].histogram()[:50]) > 1_000, "there is text to see"
    assert ImageChops.difference(*pictures).getbbox() is None


@pytest.mark.thorough
def test_in_a_program_of_any_length_the_lines_in_sight_are_drawn_in_their_places(
    page: Page, url: str
) -> None:
    go(page, url)
    given(page, "|" + "\n".join(f"v{n} = 1" for n in range(900)))
    for line in (870, 400, 0):
        area(page).evaluate(
            "(area, line) => area.scrollTop = line * parseFloat(getComputedStyle(area).lineHeight)",
            line,
        )
        drawn = page.locator(".colours .line").get_by_text(f"v{line} =", exact=True)
        expect(drawn).to_be_in_viewport()
        number = page.locator(".line-number").get_by_text(str(line + 1), exact=True)
        boxes = [each.bounding_box() for each in (page.locator(".sheet"), drawn, number)]
        tops = [box["y"] for box in boxes if box is not None]
        assert tops[1] == pytest.approx(tops[2], abs=4)
        assert 0 < tops[1] - tops[0] < 40


# --- for everybody ------------------------------------------------------------------------------


@pytest.mark.thorough
def test_axe_finds_nothing(page: Page, url: str) -> None:
    looks: list[tuple[str, Scheme, int]] = [("ko", "light", 1280), ("en", "dark", 360)]
    for language, scheme, width in looks:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme=scheme)
        go(page, url, "lesson", language)
        click_elsewhere(page, "checkbox", "Marked")
        expect(page.locator(".mark")).to_be_visible()
        page.set_viewport_size({"width": width, "height": 900})
        for asked in (False, True):
            if asked:
                page.locator(".reset").click()
            found = Axe().run(page, context=".stBidiComponent").response["violations"]
            assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


CONTRASTS = """editor => {
    const light = text => {
        const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(x => x / 255)
            .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = element => {
        for (let each = element; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor;
            if (!colour.endsWith(', 0)') && colour !== 'transparent') return colour;
        }
    };
    const contrast = (a, b) => {
        const [less, more] = [light(a), light(b)].sort((x, y) => x - y);
        return (more + 0.05) / (less + 0.05);
    };
    const row = getComputedStyle(editor.querySelector('.row')).backgroundColor;
    const found = {};
    const shown = 'span, p, strong, label, button, .colours, textarea';
    for (const each of editor.querySelectorAll(shown)) {
        if (!each.textContent.trim() && !each.value) continue;
        const own = getComputedStyle(each);
        const name = each.className || each.tagName;
        found[name] = contrast(own.color, background(each));
        if (each.closest('.colours')) found[`${name} in a marked line`] = contrast(own.color, row);
    }
    return found;
}"""


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_aa(page: Page, url: str, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    go(page, url, "lesson")
    click_elsewhere(page, "checkbox", "Marked")
    expect(page.locator(".mark")).to_be_visible()
    area(page).press("Escape")
    contrasts = page.locator(".editor").evaluate(CONTRASTS)
    kinds = {"comment", "string", "number", "keyword", "builtin", "decorator", "name"}
    assert {*kinds, "line-number", "line-number is-marked", "mark", "leaving"} <= set(contrasts)
    assert {name: each for name, each in contrasts.items() if each < AA} == {}


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen(page: Page, url: str, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    go(page, url)
    box = page.locator(".box")
    calm = box.screenshot()
    area(page).focus()
    assert box.evaluate("box => getComputedStyle(box).boxShadow") != "none"
    assert box.screenshot() != calm
    area(page).press("Escape")
    page.keyboard.press("Tab")
    outline = button(page, "Run").evaluate("each => getComputedStyle(each).outlineStyle")
    assert outline == "solid"


@pytest.mark.thorough
def test_the_text_area_has_a_name_and_lets_nothing_correct_it(desk: Page) -> None:
    expect(area(desk)).to_have_accessible_name("Your code")
    expect(area(desk)).to_have_accessible_description(
        LABELS["en"].hint.replace("{modifier}", "Ctrl")
    )
    for name, value in {
        "spellcheck": "false",
        "autocapitalize": "off",
        "autocorrect": "off",
        "autocomplete": "off",
        "translate": "no",
        "wrap": "off",
    }.items():
        expect(area(desk)).to_have_attribute(name, value)
    expect(desk.locator(".gutter")).to_have_attribute("aria-hidden", "true")
    expect(desk.locator(".colours")).to_have_attribute("aria-hidden", "true")


@pytest.mark.thorough
def test_it_fits_a_narrow_phone_and_a_finger(new_page: NewPage, url: str) -> None:
    page = new_page(viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True)
    go(page, url, "long", "ko")
    given(page, "|" + "long " * 40 + "\n" * 60)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert area(page).evaluate("area => area.scrollWidth > area.clientWidth"), (
        "it scrolls by itself"
    )
    for asked in (False, True):
        if asked:
            page.locator(".reset").tap()
        for each in page.locator(".toolbar button:visible").all():
            box = each.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["x"] + box["width"] <= 360
    box = area(page).bounding_box()
    assert box is not None
    assert box["height"] < 800 * 0.85, "the page can be scrolled past it"


def test_it_grows_with_its_text_from_eight_to_thirty_lines(desk: Page) -> None:
    def visible_lines(lines: int) -> float:
        given(desk, "\n" * (lines - 1) + "|")
        height, line, scrolls = area(desk).evaluate(
            """area => {
                const style = getComputedStyle(area);
                const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
                const sheet = area.getRootNode().querySelector('.sheet');
                return [sheet.clientHeight - padding, parseFloat(style.lineHeight),
                    area.scrollHeight > area.clientHeight];
            }"""
        )
        assert scrolls == (lines > 30)
        found: float = height // line
        return found

    desk.set_viewport_size({"width": 1280, "height": 1000})
    assert [visible_lines(lines) for lines in (1, 8, 9, 20, 30, 31, 200)] == [
        *(8, 8, 9, 20, 30, 30, 30)
    ]
    assert desk.locator(".line-number").last.inner_text() == "200"


@pytest.mark.thorough
def test_with_colours_of_the_system_the_text_is_the_text_areas(page: Page, url: str) -> None:
    page.emulate_media(forced_colors="active")
    go(page, url)
    expect(page.locator(".colours")).to_be_hidden()
    style = area(page).evaluate(
        """area => {
            const {color, webkitTextFillColor} = getComputedStyle(area);
            return [color, webkitTextFillColor];
        }"""
    )
    assert style[0] == style[1]


@pytest.mark.thorough
def test_a_program_has_a_most_length(page: Page, url: str) -> None:
    go(page, url)
    given(page, "a" * (LIMIT - 2) + "|")
    expect(page.locator(".limit")).to_be_empty()
    page.evaluate("navigator.clipboard.writeText('\u00a0\u00a0\u00a0\u00a0')")
    area(page).press("Control+v")
    expect(page.locator(".limit")).to_have_text("The code can have at most 20000 characters.")
    for key in ("b", "Enter", "Tab"):
        page.keyboard.press(key)
    assert area(page).input_value() == "a" * (LIMIT - 2) + "  "
    page.keyboard.press("Control+Enter")
    runs(page, 1)
    page.keyboard.press("Backspace")
    expect(page.locator(".limit")).to_be_empty()


@pytest.mark.thorough
def test_it_is_not_shown_before_it_listens(page: Page, url: str) -> None:
    """What is typed before its script has run would be replaced by the first text."""
    page.add_init_script(
        """
        const attach = Element.prototype.attachShadow;
        window.looks = [];
        Element.prototype.attachShadow = function (options) {
            const shadow = attach.call(this, options);
            new MutationObserver(() => {
                const area = shadow.querySelector('textarea');
                const name = shadow.querySelector('.run .text');
                if (area && !name?.textContent)
                    window.looks.push(area.checkVisibility({ visibilityProperty: true }));
            }).observe(shadow, { childList: true, subtree: true });
            return shadow;
        };
        """
    )
    go(page, url)
    looks = page.evaluate("window.looks")
    assert looks, "it is on the page before its script has run"
    assert not any(looks)


@pytest.mark.thorough
def test_no_text_becomes_a_part_of_the_page(page: Page, url: str) -> None:
    go(page, url, "nasty")
    page.get_by_text("Nasty mark").click()
    expect(page.locator(".mark")).to_have_text(f"Line 1: {NASTY}")
    area(page).press("End")
    page.keyboard.type(f"\n# {NASTY} &lt;b&gt;")
    assert area(page).input_value().startswith(STARTERS["nasty"].split("\n")[0])
    made = page.locator(".editor").evaluate("each => each.querySelectorAll('img, script').length")
    assert made == 0
    assert page.evaluate("window.stolen") is None
