"""The code editor in a real browser: keys, an input method, pasting and colours."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from practice.editor import LIMIT
from tests.browser.editor.desk import (
    CARET,
    area,
    button,
    click_elsewhere,
    content,
    draft,
    given,
    go,
    report,
)
from tests.browser.editor.editor_page import LABELS, SOLUTION

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
    desk.keyboard.press(key)
    assert content(desk) == after
    desk.keyboard.press("Control+z")
    assert content(desk).replace(CARET, "") == before.replace(CARET, "")
    desk.keyboard.press("Control+Shift+z")
    assert content(desk).replace(CARET, "") == after.replace(CARET, "")


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


@pytest.mark.thorough
def test_tab_moves_on_after_escape_only(page: Page, url: str) -> None:
    go(page, url)
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


@pytest.mark.thorough
def test_the_servers_text_waits_until_a_composition_is_done(page: Page, url: str) -> None:
    go(page, url)
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
    "tabs and characters of HTML": "".join(f"\tif a<{n}&b:\r\n" for n in range(1_000)),
    "one line of 200,000 characters": "x" * 200_000,
}


@pytest.mark.parametrize("pasted", LONG_PASTES.values(), ids=LONG_PASTES)
def test_a_long_paste_is_cut_at_the_longest_and_taken_back_in_one(desk: Page, pasted: str) -> None:
    desk.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    given(desk, "a = 1\n|")
    area(desk).press("Control+v")
    code = pasted.replace("\r\n", "\n").replace("\t", "    ")
    assert area(desk).input_value() == ("a = 1\n" + code)[:LIMIT]
    area(desk).press("Control+z")
    assert area(desk).input_value() == "a = 1\n"
    area(desk).press("Control+Shift+z")
    assert area(desk).input_value() == ("a = 1\n" + code)[:LIMIT]


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
