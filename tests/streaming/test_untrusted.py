"""Untrusted Markdown: images become links, diagrams become code, and code stays code.

That nothing is fetched is seen in a browser: tests/browser/test_markdown_blocks.py.
"""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from streaming.view.untrusted import parser, safe
from tests.browser.nasty_markdown import (
    ATTACKS,
    BESIDE_CODE,
    CODE,
    CORPUS,
    INLINE_CODE,
    with_code,
)

URL = "https://example.com/a.png"
ANY = st.text(alphabet="a`~!?[]()$:<>^|\\\\- \n\t#&*1.", max_size=60)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (f"![a cat]({URL})", f"\\![a cat]({URL})"),
        (f"![]({URL})", f"\\!\\[]({URL})"),
        (f"[![alt]({URL})](https://example.com)", f"[\\![alt]({URL})](https://example.com)"),
        ("![alt][ref]\n\n[ref]: x", "\\![alt][ref]\n\n[ref]: x"),
        (f"!![a]({URL})", f"!\\![a]({URL})"),
        (f"\\![a]({URL})", f"\\![a]({URL})"),
        (f"\\\\![a]({URL})", f"\\\\\\![a]({URL})"),
        ("wow![1]", "wow\\![1]"),
        ("`![a](b)` and ![c](d)", "`![a](b)` and \\![c](d)"),
        ("$x^2$ is ![a](b)", "$x^2$ is \\![a](b)"),
    ],
)
def test_an_image_becomes_a_link(markdown: str, shown: str) -> None:
    assert safe(markdown) == shown


@pytest.mark.parametrize(
    ("diagram", "shown"),
    [
        ("```mermaid\nA\n```", "```text\nA\n```"),
        ("~~~ Mermaid {x}\nA\n~~~", "~~~text\nA\n~~~"),
        ("1. a\n\n   ```mermaid\r\n   A\n   ```", "1. a\n\n   ```text\r\n   A\n   ```"),
        ("> ```&#109;ermaid\n> A", "> ```text\n> A"),
        ("```!language-mermaid\nA", "```text\nA"),
        ("````md\n```mermaid\nA\n```\n````", "````md\n```mermaid\nA\n```\n````"),
        ("Use ```` ```mermaid ```` fences.", "Use ```` ```mermaid ```` fences."),
    ],
)
def test_a_diagram_becomes_code(diagram: str, shown: str) -> None:
    assert safe(diagram) == shown


def test_a_diagram_nested_too_deeply_for_the_parser_is_no_fence() -> None:
    assert safe(">" * 30 + "```mermaid\n") == ">" * 30 + "\\`\\`\\`mermaid"


@pytest.mark.parametrize("beside", BESIDE_CODE)
def test_code_stays_as_it_is_whatever_stands_beside_it(beside: str) -> None:
    blocks, spans = code_in(safe(with_code(BESIDE_CODE[beside])))
    assert [block.rstrip() for block in blocks].count(CODE) == 5
    assert spans.count(INLINE_CODE) == 3


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            "$$\n\n```\nvec![1]\n```\n\n$$\nx\n$$",
            "\\$\\$\n\n```\nvec![1]\n```\n\n$$\nx\n$$",
        ),
        ("`vec![1]` for $5 :a[b]\n\n$x$", "`vec![1]` for \\$5 \\:a[b]\n\n$x$"),
        ("`vec![1]` https://a.b https://a.b/`", "`vec![1]` https://a.b https\\://a.b/`"),
        ("`vec![1]` <b>", "`vec![1]` \\<b>"),
        ("[^1]: a\n\n    vec![1]", "\\[^1]: a\n\n    vec![1]"),
        ("[^1]: a\n\n    ```mermaid", "\\[^1]: a\n\n    ```mermaid"),
        ("[^1]: ```mermaid\n    A", "\\[^1]: ```mermaid\n    A"),
    ],
)
def test_what_another_parser_could_take_code_for_loses_its_meaning(
    markdown: str, shown: str
) -> None:
    assert safe(markdown) == shown


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


@pytest.mark.parametrize("text", [text for text in CORPUS.values() if "![" not in text])
def test_a_text_without_images_and_diagrams_comes_back_as_it_is(text: str) -> None:
    assert safe(text) is text


@given(st.sampled_from([*ATTACKS, *map(with_code, BESIDE_CODE.values())]), st.data())
def test_no_beginning_of_a_text_has_an_image_in_it(text: str, data: st.DataObject) -> None:
    shown = safe(text[: data.draw(st.integers(0, len(text)))])
    assert images_in(parser().parse(shown)) == []
    assert not any("mermaid" in token.info.lower() for token in parser().parse(shown))


@given(ANY)
def test_nothing_is_added_but_backslashes_and_none_to_code(text: str) -> None:
    shown = safe(text)
    assert images_in(parser().parse(shown)) == []
    if shown == text:
        return
    rest = textwrap.dedent(text).strip()
    for character in shown:
        if character == rest[:1]:
            rest = rest[1:]
        else:
            assert character == "\\"
    assert rest == ""
    blocks, spans = code_in(shown)
    lines = [line for code in blocks for line in code.split("\n")]
    in_one_line = text.replace("\n", " ")
    assert [code for code in (*lines, *spans) if code not in in_one_line] == []


def images_in(tokens: list[Token]) -> list[str]:
    return [
        child.content for token in tokens for child in token.children or () if child.type == "image"
    ]


def code_in(markdown: str) -> tuple[list[str], list[str]]:
    tokens = parser().parse(markdown)
    blocks = [token.content for token in tokens if token.type in ("fence", "code_block")]
    children = [child for token in tokens for child in token.children or ()]
    return blocks, [child.content for child in children if child.type == "code_inline"]
