"""Untrusted Markdown: images become links, diagrams become code, and nothing is dropped.

That nothing is fetched is seen in a browser: tests/browser/test_markdown_blocks.py.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.view.blocks import parser
from streaming.view.untrusted import JOINER, safe
from tests.browser.nasty_markdown import ATTACKS, CORPUS

ANY = st.text(alphabet="a`~!?[]()$:<>^|\\\\- \n\t#&*1.", max_size=60)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("![a cat](a.png)", "!|[a cat](a.png)"),
        ("!![a](b) and `vec![1]`", "!!|[a](b) and `vec!|[1]`"),
        ("\\![a](b)", "\\!|[a](b)"),
    ],
)
def test_an_image_becomes_a_link(markdown: str, shown: str) -> None:
    assert safe(markdown) == shown.replace("|", JOINER)


@pytest.mark.parametrize(
    ("diagram", "shown"),
    [
        ("```mermaid\nA\n```", "```m|ermaid\nA\n```"),
        ("~~~ Mermaid {x}\nA\n~~~", "~~~ M|ermaid {x}\nA\n~~~"),
        ("> ```&#109;ermaid\n> A", "> ```&|#109;ermaid\n> A"),
        ("```!language-mermaid\nA", "```!language-m|ermaid\nA"),
    ],
)
def test_a_diagram_becomes_code(diagram: str, shown: str) -> None:
    assert safe(diagram) == shown.replace("|", JOINER)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a slice: xs[i:n[0]]", "a slice: xs[i\\:n[0]]"),
        ("color:red;", "color\\:red;"),
        (":red[war", "\\:red[war"),
        ("::before is CSS", "\\:\\:before is CSS"),
        ("`xs[i:n[0]]` and {a:b{c}}", "`xs[i:n[0]]` and {a\\:b{c}}"),
        (
            ":red[a] :smile: 10:30 a:b https://a.b/c[0]",
            ":red[a] :smile: 10:30 a:b https://a.b/c[0]",
        ),
        ("```py\ndef f(x:list[int]): ...\n```", "```py\ndef f(x:list[int]): ...\n```"),
    ],
)
def test_what_streamlit_would_drop_is_shown(markdown: str, shown: str) -> None:
    assert safe(markdown) == shown


@pytest.mark.parametrize(
    "name",
    [
        *("red", "orange", "yellow", "green", "blue", "violet", "purple", "gray", "grey"),
        *("primary", "rainbow", "red-background", "gray-badge", "small", "shimmer", "help"),
        "color",
    ],
)
def test_a_directive_of_streamlits_own_stays_where_it_has_a_text(name: str) -> None:
    assert safe(f"a :{name}[b] c") == f"a :{name}[b] c"
    assert safe(f"a :{name} c") == f"a \\:{name} c"


@pytest.mark.parametrize("text", [text for text in CORPUS.values() if "![" not in text])
def test_a_text_without_images_and_diagrams_comes_back_as_it_is(text: str) -> None:
    assert safe(text) == text


@given(st.sampled_from(ATTACKS), st.data())
def test_no_beginning_of_a_text_has_an_image_or_a_diagram_in_it(
    text: str, data: st.DataObject
) -> None:
    tokens = parser().parse(safe(text[: data.draw(st.integers(0, len(text)))]))
    assert not any(child.type == "image" for token in tokens for child in token.children or ())
    assert not any("mermaid" in token.info.lower() for token in tokens)


@given(ANY)
def test_nothing_is_added_but_joiners_and_backslashes_and_none_a_second_time(text: str) -> None:
    shown = safe(text)
    assert shown.replace(JOINER, "").replace(r"\:", ":") == text.replace(r"\:", ":")
    assert safe(shown) == shown


@pytest.mark.parametrize(
    "text", ["![", "![`", "`a", "`", "```mermaid", "```&", "::", "> ", ":red[", "``` ", "a:"]
)
def test_the_longest_text_is_made_harmless_at_once(text: str) -> None:
    begun = time.thread_time()
    safe((text * 30_000)[:30_000])
    assert time.thread_time() - begun < 0.5
