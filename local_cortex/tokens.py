"""Token-like pieces of a text: what the scripted engine streams and what usage is counted in.

An estimate, not a model's tokenizer: about four characters a token in English, one or two syllables
in Hangul. As with a real tokenizer, a piece can end inside what a reader sees as one character,
though never inside a code point.
"""

from __future__ import annotations

import re

# Every alternative is bounded, so the time is linear in the length of the text. A word takes the
# space before it along, as the tokenizers of today's models do.
PIECE = re.compile(
    r"""
      [ ]?[A-Za-z]{1,6}(?![A-Za-z])   # a short English word, whole
    | [ ]?[A-Za-z]{1,4}               # the next part of a long one
    | [ ]?[가-힣]{1,2}                # Hangul syllables
    | [ ]?[0-9]{1,3}                  # digits
    | [\u1100-\u11ff]{1,3}            # decomposed Hangul: the jamo of about one syllable
    | [\u3040-\u30ff\u3400-\u9fff]    # kana and Chinese characters
    | [ ]?[!-/:-@\[-`{-~]{1,3}        # ASCII punctuation, so that ``` is one piece
    | \n{1,2}                         # the end of a line or of a paragraph
    | [ ]{1,8}                        # indentation
    | .                               # anything else: one code point
    """,
    re.VERBOSE | re.DOTALL,
)


def split(text: str) -> list[str]:
    """Cut ``text`` into pieces, none empty, that joined together are ``text`` again."""
    return PIECE.findall(text)


def count(text: str) -> int:
    """Estimate how many tokens ``text`` has: the number of pieces :func:`split` makes."""
    return len(split(text))
