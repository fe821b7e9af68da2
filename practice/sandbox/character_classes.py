"""The classes of characters that the sandbox's ``regex`` needs, read from the installed one."""

from __future__ import annotations

import regex

# Only here are there characters of such a class.
POINTS = (*range(0x20000), *range(0xE0000, 0xE1000))
#: Class -> its letter in ``guest/graphemes.py``; of two that fit, the later one holds. The classes
#: of Indian scripts' conjuncts are left out: no text of the course has one.
LETTERS = {
    r"\p{GCB=Extend}": "e",
    r"\p{GCB=Control}": "c",
    r"\p{GCB=CR}": "r",
    r"\p{GCB=LF}": "n",
    r"\p{GCB=SpacingMark}": "s",
    r"\p{GCB=L}": "L",
    r"\p{GCB=V}": "V",
    r"\p{GCB=T}": "T",
    r"\p{GCB=RI}": "i",
    r"\p{Extended_Pictographic}": "x",
    r"\p{GCB=Prepend}": "p",
    r"\p{GCB=ZWJ}": "z",
}
OTHER = "o"


def classes() -> str:
    """Return a module with ``STARTS``, where a class begins, and ``CLASSES``, a letter for each."""
    text = "".join(map(chr, POINTS))
    letters = [OTHER] * len(text)
    for pattern, letter in LETTERS.items():
        for found in regex.finditer(f"{pattern}+", text):
            letters[found.start() : found.end()] = letter * len(found[0])
    begins = [at for at, letter in enumerate(letters) if not at or letter != letters[at - 1]]
    starts = "".join(text[at] for at in begins)
    return f"STARTS = {starts!r}\nCLASSES = {''.join(letters[at] for at in begins)!r}\n"
