"""The code editor, used with keys, an input method and a finger in a real browser."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Locator, Page, expect

from practice.editor import LIMIT
from tests.browser.editor_page import LABELS, NASTY, SOLUTION, STARTERS
from tests.browser.server import streamlit_server
from tests.practice.programs import slowness

NewPage = Callable[..., Page]

SCRIPT = Path(__file__).with_name("editor_page.py")
DRAFT = "course-draft:exercise"
AA = 4.5
KEYSTROKE_MS = 8
PASTE_MS = 200

# Where a test writes the caret, or both ends of the selection.
CARET = "|"

READ = """area => {
    const [start, end] = [area.selectionStart, area.selectionEnd];
    const marks = start === end ? [start] : [end, start];
    return marks.reduce((text, at) => text.slice(0, at) + '|' + text.slice(at), area.value);
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with streamlit_server(tmp_path_factory.mktemp("home"), SCRIPT) as address:
        yield address


@pytest.fixture(scope="module")
def desk(browser: Browser, url: str) -> Iterator[Page]:
    """A page that many tests write on, one after the other."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    go(page, url)
    yield page
    context.close()


def go(page: Page, url: str, start: str = "short", lang: str = "en") -> Page:
    page.goto(f"{url}?start={start}&lang={lang}")
    expect(area(page)).to_be_visible(timeout=60_000)
    return page


def area(page: Page) -> Locator:
    return page.locator(".stBidiComponent").get_by_role("textbox")


def button(page: Page, name: str) -> Locator:
    return page.locator(".stBidiComponent").get_by_role("button", name=name, exact=True)


def given(page: Page, text: str) -> None:
    """Put ``text`` in the editor, with the caret or the selection where it is marked."""
    bare = text.replace(CARET, "")
    start = text.index(CARET)
    end = text.rindex(CARET) - (text.count(CARET) - 1)
    area(page).fill(bare)
    area(page).evaluate("(area, [start, end]) => area.setSelectionRange(start, end)", [start, end])


def content(page: Page) -> str:
    """Return the editor's text, marked as in ``given``."""
    found: str = area(page).evaluate(READ)
    return found


def report(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.get_by_text('"scripts":').inner_text())
    return found


def runs(page: Page, number: int) -> None:
    expect(page.get_by_text(f'"runs": {number},')).to_be_visible()


def click_elsewhere(page: Page, kind: str, name: str) -> None:
    """Use a widget of the page without taking the focus from the editor."""
    scripts = report(page)["scripts"]
    page.get_by_test_id("stSidebar").get_by_role(kind, name=name).dispatch_event("click")  # type: ignore[arg-type]
    expect(page.get_by_text(f'"scripts": {scripts + 1},')).to_be_visible()


def draft(page: Page) -> str | None:
    kept: str | None = page.evaluate("key => localStorage.getItem(key)", DRAFT)
    return None if kept is None else str(json.loads(kept)["text"])


# --- keys ---------------------------------------------------------------------------------------

EDITS = {
    "Tab indents to the next stop": ("|a", "Tab", "    |a"),
    "Tab behind two letters goes to the same stop": ("ab|", "Tab", "ab  |"),
    "Tab indents every selected line": ("a|\n\n  b|\nc", "Tab", "    a|\n\n      b|\nc"),
    "Tab leaves out a line that the selection only reaches": ("|a\n|b", "Tab", "|    a\n|b"),
    "Shift+Tab takes an indent away": ("        a|", "Shift+Tab", "    a|"),
    "Shift+Tab takes away what there is of an indent": ("  |a", "Shift+Tab", "|a"),
    "Shift+Tab works on every selected line": ("|    a\n  b|", "Shift+Tab", "|a\nb|"),
    "Enter keeps the indent": ("    a = 1|", "Enter", "    a = 1\n    |"),
    "Enter goes in after a colon": ("    if a:|", "Enter", "    if a:\n        |"),
    "Enter goes in after a colon and a comment": ("if a:  # why|", "Enter", "if a:  # why\n    |"),
    "Enter goes in after an open bracket": ("    f(|", "Enter", "    f(\n        |"),
    "Enter does not go in after a colon in a comment": ("# so:|", "Enter", "# so:\n|"),
    "Enter does not go in after a colon in a string": ('a = ":"|', "Enter", 'a = ":"\n|'),
    "Enter in a long string keeps the indent": (
        '"""\n    so:|\n"""',
        "Enter",
        '"""\n    so:\n    |\n"""',
    ),
    "Enter comes out after return": ("        return a|", "Enter", "        return a\n    |"),
    "Enter comes out after pass": ("    pass|", "Enter", "    pass\n|"),
    "Enter comes out after break": (
        "        break  # done|",
        "Enter",
        "        break  # done\n    |",
    ),
    "Enter comes out after continue": ("    continue|", "Enter", "    continue\n|"),
    "Enter comes out after raise": ("    raise E(1)|", "Enter", "    raise E(1)\n|"),
    "Enter stays in where return has an open bracket": (
        "    return f(|",
        "Enter",
        "    return f(\n        |",
    ),
    "Enter knows a name from a keyword": ("    passes = 1|", "Enter", "    passes = 1\n    |"),
    "Enter replaces the selection": ("    a|bc|d", "Enter", "    a\n    |d"),
    "Backspace takes an indent away": ("        |a", "Backspace", "    |a"),
    "Backspace takes the odd spaces away first": ("      |a", "Backspace", "    |a"),
    "Backspace behind a letter takes a letter away": ("    ab|", "Backspace", "    a|"),
    "Backspace takes the selection away": ("    |a|", "Backspace", "    |"),
    "Ctrl+/ makes a comment": ("    a|\n", "Control+/", "    # a|\n"),
    "Ctrl+/ makes comments where the leftmost line begins": (
        "|    a\n\n        b|",
        "Control+/",
        "|    # a\n\n    #     b|",
    ),
    "Ctrl+/ takes comments away": ("|    # a\n\n    #     b|", "Control+/", "|    a\n\n        b|"),
    "Cmd+/ does the same": ("a|", "Meta+/", "# a|"),
}


@pytest.mark.parametrize(("before", "key", "after"), EDITS.values(), ids=EDITS)
def test_a_key_edits_and_undo_takes_it_back(desk: Page, before: str, key: str, after: str) -> None:
    given(desk, before)
    area(desk).press(key)
    assert content(desk) == after
    area(desk).press("Control+z")
    assert area(desk).input_value() == before.replace(CARET, "")
    area(desk).press("Control+Shift+z")
    assert area(desk).input_value() == after.replace(CARET, "")


def test_undo_goes_back_through_typing_and_edits_alike(desk: Page) -> None:
    given(desk, "|")
    desk.keyboard.type("if a:\nb")
    desk.keyboard.press("Control+/")
    assert content(desk) == "if a:\n    # b|"
    seen = []
    while area(desk).input_value():
        seen.append(area(desk).input_value())
        desk.keyboard.press("Control+z")
    assert seen == ["if a:\n    # b", "if a:\n    b", "if a:\n    ", "if a:"], (
        "by the word, not the letter"
    )


def test_tab_moves_on_after_escape_only(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    given(page, "a|")
    page.keyboard.press("Tab")
    expect(area(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("status").get_by_text(LABELS["en"].leaving)).to_be_visible()
    page.keyboard.press("Tab")
    expect(button(page, "Run")).to_be_focused()
    expect(page.get_by_text(LABELS["en"].leaving)).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    expect(area(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    expect(area(page)).not_to_be_focused()
    assert area(page).input_value() == "a   "


def test_typing_after_escape_makes_tab_indent_again(desk: Page) -> None:
    given(desk, "|")
    for key in ("Escape", "b", "Tab"):
        desk.keyboard.press(key)
    assert content(desk) == "b   |"
    expect(desk.get_by_text(LABELS["en"].hint.replace("{modifier}", "Ctrl"))).to_be_visible()


# --- an input method ----------------------------------------------------------------------------


def test_hangul_is_composed_and_enter_indents_after_it(desk: Page) -> None:
    given(desk, "    a = |")
    keyboard = desk.context.new_cdp_session(desk)
    for text in ("ㅎ", "하", "한"):
        keyboard.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1}
        )
        assert content(desk) == f"    a = {text}|"
    assert desk.locator(".colours").inner_text().rstrip("\n") == "    a = 한"
    keyboard.send("Input.insertText", {"text": "한"})
    desk.keyboard.press("Enter")
    assert content(desk) == "    a = 한\n    |"
    assert draft(desk) == "    a = 한\n    "


@pytest.mark.parametrize("signs", [{"isComposing": True}, {"keyCode": 229}], ids=["flag", "code"])
@pytest.mark.parametrize(
    "key", [{"key": "Tab"}, {"key": "Enter", "ctrlKey": True}, {"key": "/", "ctrlKey": True}]
)
def test_a_key_of_the_input_method_is_left_to_it(
    desk: Page, key: dict[str, Any], signs: dict[str, Any]
) -> None:
    given(desk, "a|")
    before = report(desk)["runs"]
    taken = area(desk).evaluate(
        """(area, init) => !area.dispatchEvent(
            new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...init}))""",
        {**key, **signs},
    )
    assert not taken
    assert content(desk) == "a|"
    assert report(desk)["runs"] == before


def test_the_servers_text_waits_until_a_composition_is_done(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    given(page, "|")
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "하", "selectionStart": 1, "selectionEnd": 1})
    click_elsewhere(page, "button", "Solution")
    assert content(page) == "하|"
    keyboard.send("Input.insertText", {"text": "한"})
    expect(area(page)).to_have_value(SOLUTION)


# --- pasting ------------------------------------------------------------------------------------

PASTES = {
    "spaces of other widths": ("|", "if a:\n\u00a0\u00a0b\u3000= 1", "if a:\n  b = 1|"),
    "curly quotes": ("|", "print(\u201cit\u2019s\u201d, \u2018a\u2019)", "print(\"it's\", 'a')|"),
    "line ends of Windows": ("|", "a\r\nb\r\n", "a\nb\n|"),
    "tabs before a line": ("|", "if a:\n\tb\n\t\tc", "if a:\n    b\n        c|"),
    "characters that cannot be seen": ("|", "\ufeffa\u200b = 1", "a = 1|"),
    "emoji whole": ("|", 'a = "👨\u200d👩\u200d👧"', 'a = "👨\u200d👩\u200d👧"|'),
    "a string's own curly quotes": ("|", 'a = "\u201c네\u201d"', 'a = "\u201c네\u201d"|'),
    "a comment's own curly quotes": ("|", "a  # \u2018so\u2019", "a  # \u2018so\u2019|"),
    "prose into a string": (
        'say("|")',
        "\u201c네\u201d,\u00a0it\u2019s",
        'say("\u201c네\u201d, it\u2019s|")',
    ),
    "prose into a long string": (
        '"""\n|\n"""',
        "\u201ca\u201d\n\u201cb\u201d",
        '"""\n\u201ca\u201d\n\u201cb\u201d|\n"""',
    ),
    "in place of the selection": ("a|b|c", "\u201c", 'a"|c'),
}


@pytest.mark.parametrize(("before", "pasted", "after"), PASTES.values(), ids=PASTES)
def test_what_is_pasted_becomes_code(desk: Page, before: str, pasted: str, after: str) -> None:
    given(desk, before)
    desk.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    area(desk).press("Control+v")
    assert content(desk) == after
    area(desk).press("Control+z")
    assert area(desk).input_value() == before.replace(CARET, "")


LONG_PASTES = {
    "line ends of Windows": "".join(f"v{n} = 1\r\n" for n in range(2_000))[: LIMIT - 10],
    "line ends of Unix": "".join(f"v{n} = 1\n" for n in range(2_000))[: LIMIT - 10],
    "tabs and characters of HTML": "".join(f"\tif a<{n}&b:\r\n" for n in range(1_000)),
    "one line": "1+" * 9_000,
    "one line of 200,000 characters": "x" * 200_000,
    "nothing but line ends": "\r\n" * 2_000,
}
FROZEN = """area => {
    window.frozen = new Promise(done => {
        area.addEventListener('keydown', event => {
            if (event.key !== 'v') return;
            const began = performance.now();
            requestAnimationFrame(() => requestAnimationFrame(
                () => done(performance.now() - began)));
        });
    });
}"""


@pytest.mark.parametrize("pasted", LONG_PASTES.values(), ids=LONG_PASTES)
def test_a_long_paste_does_not_freeze_the_page(new_page: NewPage, url: str, pasted: str) -> None:
    page = go(new_page(permissions=["clipboard-read", "clipboard-write"]), url)
    page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    given(page, "a = 1\n|")
    area(page).evaluate(FROZEN)
    area(page).press("Control+v")
    took = page.evaluate("window.frozen")
    code = pasted.replace("\r\n", "\n").replace("\t", "    ")
    assert area(page).input_value() == ("a = 1\n" + code)[:LIMIT]
    print(f"a long paste: {took:.0f} ms")
    assert took < PASTE_MS * slowness()
    area(page).press("Control+z")
    assert area(page).input_value() == "a = 1\n"
    area(page).press("Control+Shift+z")
    assert area(page).input_value() == ("a = 1\n" + code)[:LIMIT]


def test_in_a_program_of_any_length_the_lines_in_sight_are_drawn_in_their_places(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
    given(page, "|" + "\n".join(f"v{n} = 1" for n in range(1_900)))
    for line in (1_870, 900, 0):
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


def test_a_phones_curly_quote_is_a_straight_one_outside_strings(desk: Page) -> None:
    given(desk, "|")
    for text in ("\u201c", "a", "\u2019", "\u201d"):
        desk.keyboard.insert_text(text)
    # The first has opened a string, and what follows stands in it.
    assert content(desk) == '"a\u2019\u201d|'


# --- colours ------------------------------------------------------------------------------------

COLOURS = {
    "a = 1  # note": ["number 1", "comment # note"],
    "x = 0xFF + 1_000.5e-3j": ["number 0xFF", "number 1_000.5e-3j"],
    "f'{a}' + rb\"b\"": ["string f'{a}'", 'string rb"b"'],
    "'it\\'s' 'two'": ["string 'it\\'s'", "string 'two'"],
    "'open\nprint": ["string 'open", "builtin print"],
    "'''a\nb''' + c": ["string '''a", "string b'''"],
    'f"""a # b\n# c""" # d': ['string f"""a # b', 'string # c"""', "comment # d"],
    "'a\\\nb' + 1": ["string 'a\\", "string b'", "number 1"],
    "@st.cache_data\ndef greet():": ["decorator @st.cache_data", "keyword def", "name greet"],
    "class 이름(list): pass": ["keyword class", "name 이름", "builtin list", "keyword pass"],
    "a.print(print)": ["builtin print"],
    "if not None: return": ["keyword if", "keyword not", "keyword None", "keyword return"],
    "match a:\n    case _:": ["keyword match", "keyword case"],
    "match = case(1)": ["number 1"],
    "x2 = _1 + printer": [],
}


@pytest.mark.parametrize(("code", "coloured"), COLOURS.items())
def test_pieces_of_python_have_colours(desk: Page, code: str, coloured: list[str]) -> None:
    given(desk, f"{code}|")
    found = desk.locator(".colours .line span").evaluate_all(
        """found => found.filter(each => each.className)
            .map(each => `${each.className} ${each.textContent}`)"""
    )
    assert found == coloured
    lines = desk.locator(".colours .line").evaluate_all("found => found.map(x => x.textContent)")
    assert "\n".join(lines) == code


def test_a_quote_recolours_the_lines_below_it_and_back(desk: Page) -> None:
    given(desk, "|\nprint\nprint\n'''")
    kinds = ".colours .line:nth-child(3) span"
    assert desk.locator(kinds).get_attribute("class") == "builtin"
    desk.keyboard.type("'''")
    assert desk.locator(kinds).get_attribute("class") == "string"
    for _ in range(3):
        desk.keyboard.press("Backspace")
    assert desk.locator(kinds).get_attribute("class") == "builtin"


def test_the_coloured_text_lies_exactly_under_the_typed_one(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url, "lesson")
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


def test_a_keystroke_in_a_long_program_is_drawn_at_once(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url, "long")
    took = area(page).evaluate(
        """area => {
            const took = [];
            const type = (text, at) => {
                area.setRangeText(text, at, at, 'end');
                // What the browser itself needs for the textarea is not ours.
                area.getBoundingClientRect();
                const before = performance.now();
                area.dispatchEvent(new InputEvent('input', {bubbles: true}));
                area.getBoundingClientRect();
                took.push(performance.now() - before);
            };
            for (let n = 0; n < 40; n++) type('x', Math.floor(area.value.length / 2));
            for (let n = 0; n < 10; n++) type('\\n', 0);
            return took.sort((a, b) => a - b);
        }"""
    )
    print(f"a keystroke: median {took[25]:.2f} ms, longest {took[-1]:.2f} ms")
    assert took[25] < KEYSTROKE_MS


# --- what is sent, and what is kept -------------------------------------------------------------


def test_typing_sends_nothing_and_run_sends_the_text_once(new_page: NewPage, url: str) -> None:
    page = new_page()
    sent: list[str | bytes] = []

    def note(frame: str | bytes) -> None:
        sent.append(frame)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    go(page, url)
    before = len(sent)
    given(page, "|")
    # Letters that are Streamlit's own keys among them.
    page.keyboard.type("cr = 'r'\nc")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    button(page, "Run").click()
    runs(page, 1)
    assert len(sent) == before + 1
    assert report(page) == {"scripts": 2, "runs": 1, "resets": 0, "sent": "cr = 'r'\nc"}
    area(page).press("End")
    page.keyboard.type("1")
    page.keyboard.press("Control+Enter")
    runs(page, 2)
    page.keyboard.press("Meta+Enter")
    runs(page, 3)
    assert len(sent) == before + 3
    assert report(page)["sent"] == "cr = 'r'\nc1"


def test_the_page_asks_nobody_else_for_anything(new_page: NewPage, url: str) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    go(page, url)
    given(page, "print('hello')|")
    button(page, "Run").click()
    runs(page, 1)
    page.wait_for_load_state("networkidle")
    own = (url, "blob:", "data:", url.replace("http", "ws"))
    assert [address for address in asked if not address.startswith(own)] == []


def test_a_draft_survives_a_refresh_and_being_taken_off_the_page(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
    assert draft(page) is None
    given(page, "mine|")
    assert draft(page) == "mine"
    page.reload()
    expect(area(page)).to_have_value("mine")
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_count(0)
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_value("mine")
    assert report(page)["runs"] == 0


def test_a_text_that_is_the_servers_again_is_not_kept(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    given(page, "mine|")
    assert draft(page) == "mine"
    area(page).press("Control+z")
    assert area(page).input_value() == STARTERS["short"]
    assert draft(page) is None


def test_a_text_that_was_run_survives_the_loss_of_the_servers_session(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
    run_mine(page)
    page.reload()
    expect(area(page)).to_have_value("mine")
    assert report(page)["runs"] == 0


def test_a_text_that_was_run_gives_way_to_one_from_another_machine(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
    run_mine(page)
    go(page, url, "lesson")
    expect(area(page)).to_have_value(STARTERS["lesson"])
    run_mine(page)
    click_elsewhere(page, "button", "Other code")
    expect(area(page)).to_have_value("other = 1\n")
    given(page, "not run|")
    go(page, url, "short")
    expect(area(page)).to_have_value("not run")


def run_mine(page: Page) -> None:
    given(page, "mine|")
    area(page).press("Control+Enter")
    runs(page, 1)
    # The next script run is the first to have the text from the server.
    click_elsewhere(page, "checkbox", "Running")
    click_elsewhere(page, "checkbox", "Running")


def test_what_is_typed_while_a_run_is_on_its_way_is_kept(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    given(page, "mine|")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("2")
    runs(page, 1)
    click_elsewhere(page, "checkbox", "Marked")
    assert content(page) == "mine2|"
    assert report(page)["sent"] == "mine"
    assert draft(page) == "mine2"


def test_a_new_revision_replaces_the_draft(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    given(page, "mine|")
    click_elsewhere(page, "button", "Solution")
    expect(area(page)).to_have_value(SOLUTION)
    page.wait_for_function("key => localStorage.getItem(key) === null", arg=DRAFT)
    page.keyboard.type("mine again")
    click_elsewhere(page, "checkbox", "Marked")
    assert "mine again" in content(page), "the same revision replaces nothing"


def test_a_new_revision_replaces_the_draft_of_an_editor_that_was_away(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
    given(page, "mine|")
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_count(0)
    page.get_by_role("button", name="Solution").click()
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_value(SOLUTION)


def test_a_session_that_knows_no_revision_takes_nothing_away(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    click_elsewhere(page, "button", "Solution")
    expect(area(page)).to_have_value(SOLUTION)
    given(page, "mine|")
    page.reload()
    expect(area(page)).to_have_value("mine")
    click_elsewhere(page, "button", "Solution")
    expect(area(page)).to_have_value(SOLUTION)


def test_the_servers_text_is_shown_until_the_learner_has_touched_it(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
    click_elsewhere(page, "button", "Other code")
    expect(area(page)).to_have_value("other = 1\n")
    page.reload()
    expect(area(page)).to_have_value(STARTERS["short"])
    given(page, "mine|")
    click_elsewhere(page, "button", "Other code")
    click_elsewhere(page, "checkbox", "Marked")
    assert content(page) == "mine|"


REFUSALS = {
    "denied": """Object.defineProperty(window, 'localStorage', {
        get() { throw new DOMException('no', 'SecurityError'); } })""",
    "full": """Storage.prototype.setItem = () => {
        throw new DOMException('no', 'QuotaExceededError'); }""",
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_where_the_browser_keeps_nothing_the_page_still_remembers(
    new_page: NewPage, url: str, refusal: str
) -> None:
    page = new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(refusal)
    go(page, url)
    given(page, "mine|")
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_count(0)
    page.get_by_text("Shown").click()
    expect(area(page)).to_have_value("mine")
    button(page, "Run").click()
    runs(page, 1)
    assert report(page)["sent"] == "mine"
    assert [error for error in errors if "draft" in error] == []


@pytest.mark.parametrize("kept", ["", "{", "null", "[]", '"mine"', '{"text": 5}'])
def test_a_draft_that_cannot_be_read_is_none(new_page: NewPage, url: str, kept: str) -> None:
    page = new_page()
    page.add_init_script(f"localStorage.setItem({DRAFT!r}, {kept!r})")
    go(page, url)
    expect(area(page)).to_have_value(STARTERS["short"])


# --- rerenders ----------------------------------------------------------------------------------


def test_new_labels_marks_and_state_leave_caret_scroll_and_focus_alone(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url, "long")
    area(page).evaluate(
        """area => {
            area.focus();
            area.setRangeText('mine', 5, 5, 'end');
            area.dispatchEvent(new InputEvent('input', {bubbles: true}));
            area.setSelectionRange(7, 9);
            area.scrollTop = 700;
        }"""
    )
    where = """area => [area.value, area.selectionStart, area.selectionEnd, area.scrollTop,
        area.matches(':focus')]"""
    before = area(page).evaluate(where)
    assert before[1:] == [7, 9, 700, True]
    click_elsewhere(page, "radio", "ko")
    expect(page.locator("label", has_text=LABELS["ko"].code)).to_be_visible()
    click_elsewhere(page, "checkbox", "Marked")
    expect(page.locator(".mark")).to_have_count(1)
    click_elsewhere(page, "checkbox", "Running")
    expect(button(page, LABELS["ko"].running)).to_be_visible()
    assert area(page).evaluate(where) == before


def test_a_running_program_is_said_and_can_be_edited(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    click_elsewhere(page, "checkbox", "Running")
    running = button(page, "Running")
    expect(running).to_have_attribute("aria-busy", "true")
    running.press("Enter")
    given(page, "mine|")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("!")
    assert content(page) == "mine!|"
    click_elsewhere(page, "checkbox", "Running")
    expect(button(page, "Run")).to_have_attribute("aria-busy", "false")
    assert report(page)["runs"] == 0
    button(page, "Run").click()
    runs(page, 1)


def test_reset_is_asked_about_in_place(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
    given(page, "mine|")
    button(page, "Start over").click()
    expect(page.get_by_role("group", name=LABELS["en"].reset_question)).to_be_visible()
    expect(button(page, "Keep my code")).to_be_focused()
    expect(button(page, "Run")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(button(page, "Start over")).to_be_focused()
    page.keyboard.press("Enter")
    button(page, "Keep my code").click()
    assert content(page) == "mine|"
    button(page, "Start over").click()
    button(page, "Start over").click()
    expect(area(page)).to_have_value(STARTERS["short"])
    expect(button(page, "Run")).to_be_visible()
    assert report(page)["resets"] == 1
    assert draft(page) is None


# --- marks --------------------------------------------------------------------------------------


def test_a_mark_is_seen_and_heard(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url)
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


def test_a_mark_stays_with_its_line_and_goes_when_the_line_changes(
    new_page: NewPage, url: str
) -> None:
    page = go(new_page(), url)
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


# --- for everybody ------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(new_page: NewPage, url: str, scheme: str, width: int) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    go(page, url, "lesson", "ko" if scheme == "light" else "en")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_aa(new_page: NewPage, url: str, scheme: str) -> None:
    page = go(new_page(color_scheme=scheme), url, "lesson")
    click_elsewhere(page, "checkbox", "Marked")
    expect(page.locator(".mark")).to_be_visible()
    area(page).press("Escape")
    contrasts = page.locator(".editor").evaluate(CONTRASTS)
    kinds = {"comment", "string", "number", "keyword", "builtin", "decorator", "name"}
    assert {*kinds, "line-number", "line-number is-marked", "mark", "leaving"} <= set(contrasts)
    print({name: round(each, 1) for name, each in contrasts.items()})
    assert {name: each for name, each in contrasts.items() if each < AA} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen(new_page: NewPage, url: str, scheme: str) -> None:
    page = go(new_page(color_scheme=scheme), url)
    box = page.locator(".box")
    calm = box.screenshot()
    area(page).focus()
    assert box.evaluate("box => getComputedStyle(box).boxShadow") != "none"
    assert box.screenshot() != calm
    area(page).press("Escape")
    page.keyboard.press("Tab")
    outline = button(page, "Run").evaluate("each => getComputedStyle(each).outlineStyle")
    assert outline == "solid"


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


def test_with_colours_of_the_system_the_text_is_the_text_areas(new_page: NewPage, url: str) -> None:
    page = go(new_page(forced_colors="active"), url)
    expect(page.locator(".colours")).to_be_hidden()
    style = area(page).evaluate(
        """area => {
            const {color, webkitTextFillColor} = getComputedStyle(area);
            return [color, webkitTextFillColor];
        }"""
    )
    assert style[0] == style[1]


def test_a_program_has_a_most_length(new_page: NewPage, url: str) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
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


def test_no_text_becomes_a_part_of_the_page(new_page: NewPage, url: str) -> None:
    page = go(new_page(), url, "nasty")
    page.get_by_text("Nasty mark").click()
    expect(page.locator(".mark")).to_have_text(f"Line 1: {NASTY}")
    area(page).press("End")
    page.keyboard.type(f"\n# {NASTY} &lt;b&gt;")
    assert area(page).input_value().startswith(STARTERS["nasty"].split("\n")[0])
    made = page.locator(".editor").evaluate("each => each.querySelectorAll('img, script').length")
    assert made == 0
    assert page.evaluate("window.stolen") is None
