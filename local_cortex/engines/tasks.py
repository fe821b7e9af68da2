"""The scripted rules behind AI_CLASSIFY, AI_FILTER and the others: one named rule for each task.

Rules compare letters and words, in Korean and English, and always answer alike; their data are in
``tasks.toml``. Where a rule finds nothing it says so (``None``, an error, or words to that effect):
an answer never pretends to know. :data:`RULES` is the whole list.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from local_cortex.engines import EngineError
from local_cortex.engines.computed import similarity

Mood = Literal["positive", "negative", "neutral", "mixed"]
Given = Mapping[str, Any]

# Of one text: rules share the interpreter with the server, so none may take long.
READ_CHARACTERS = 8_000
# How much of a word's letter pairs another one must have to count as the same word.
ALIKE = 0.6
# Different words of one text that are compared.
MOST_WORDS = 400
SUMMARY_SENTENCES = 3
SUMMARY_CHARACTERS = 400
# Of a column that is aggregated.
READ_TEXTS = 1_000
QUOTED_TEXTS = 3
QUOTED_CHARACTERS = 120
NAMED_WORDS = 5
# Examples of AI_CLASSIFY that are this near (cosine of their spelling) speak for their labels.
NEAR_EXAMPLE = 0.5

WORD = re.compile(r"[^\W_]+(?:['’][a-z]+)?")
HANGUL = re.compile(r"[가-힣]")

#: What ``tasks.toml`` holds.
DATA = tomllib.loads(Path(__file__).with_name("tasks.toml").read_text("utf-8"))
PATTERNS = {name: re.compile(one) for name, one in DATA["patterns"].items()}
STOP, GOOD, BAD = (
    frozenset(DATA["words"][name].split()) for name in ("say_nothing", "good", "bad")
)
# Longest first, so that 불친절 is not taken for 친절; English words whole, Korean ones by stem.
MOOD = re.compile(
    "|".join(
        word if HANGUL.match(word) else rf"\b{word}\b"
        for word in sorted(GOOD | BAD, key=len, reverse=True)
    )
)
MOOD_NAMES = {name: mood for mood, names in DATA["moods"].items() for name in names}

QUOTED = re.compile(r"[\"“'‘「]([^\"”'’」]{1,100})[\"”'’」]")
PLACE = re.compile(r"\{[0-9]+\}")
QUESTION = re.compile(r"^(.{3,300}?[?:？])\s*(.+)$", re.DOTALL)
# The languages of AI_TRANSLATE (docs, November 2026).
LANGUAGES = re.compile(
    r"(?:ar|cs|da|de|el|en|es|fi|fr|he|hi|hr|hu|it|ja|ko|nl|no|pl|pt|ro|ru|sv|tr|zh)\b"
)
# A value may hold commas, but not the next key: "name: Kim, hobbies: tea, go".
PAIR = re.compile(
    r"(?:^|[\n,;.!?])[ \t]{0,8}(?:[-*][ \t]{0,8})?([^\n:：,;.!?]{1,60}?)[ \t]{0,8}[:：]"
    r"([^\n,;]+(?:,(?![^\n,:：]{1,60}[:：])[^\n,;]*)*)"
)
KINDS = [
    (re.compile(asks, re.IGNORECASE), re.compile(finds)) for asks, finds in DATA["kinds"].items()
]


# Words and moods: plain comparisons of letters; nothing knows what a word means.


def _is_korean(text: str) -> bool:
    return HANGUL.search(text) is not None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text[:READ_CHARACTERS]).casefold()


def words_of(text: str) -> list[str]:
    """List the words that say something, without Korean particles, each once."""
    found = (PATTERNS["particle"].sub("", word) for word in WORD.findall(_folded(text)))
    return [word for word in dict.fromkeys(found) if word not in STOP][:MOST_WORDS]


def _parts(text: str, end: str) -> list[str]:
    found = PATTERNS[end].split(text[:READ_CHARACTERS])
    return [one.strip() for one in found if one and one.strip()]


def shared(wanted: Iterable[str], present: Sequence[str]) -> int:
    """Count the words of ``wanted`` of which one in ``present`` has most letter pairs."""
    known = [_pairs(word) for word in present]
    return sum(
        any(len(pairs & other) >= ALIKE * len(pairs) for other in known)
        for pairs in map(_pairs, wanted)
    )


def _pairs(word: str) -> set[str]:
    return {word[at : at + 2] for at in range(max(1, len(word) - 1))}


def _mood_counts(text: str) -> tuple[int, int]:
    """Count the good and the bad words of a text; a negation turns one around."""
    read = _folded(text)
    good = bad = 0
    for match in MOOD.finditer(read):
        before = read[max(0, match.start() - 40) : match.start()]
        after = read[match.end() :][:12]
        negated = bool(
            PATTERNS["negated_before"].search(before) or PATTERNS["negated_after"].match(after)
        )
        is_good = (match[0] in GOOD) != negated
        good += is_good
        bad += not is_good
    return good, bad


def mood(text: str) -> Mood:
    """Name the mood of a text."""
    good, bad = _mood_counts(text)
    if good and bad:
        return "mixed"
    return "positive" if good else "negative" if bad else "neutral"


# The rules


def classify(given: Given) -> list[str]:
    """``text``, ``labels`` [{label, description}], ``multi``, ``examples`` -> labels.

    The label that shares most words with the text: its own count twice, its description's once, and
    examples that are spelled alike three times. The first label where none shares any; labels such
    as positive and negative go by the text's mood.
    """
    text, labels = given["text"], given["labels"]
    names = [one["label"] for one in labels]
    if {_folded(name) for name in names} <= MOOD_NAMES.keys():
        found = mood(text)
        return [name for name in names if MOOD_NAMES[_folded(name)] == found] or names[:1]
    present = words_of(text)
    scores: Counter[str] = Counter()
    for one in labels:
        described = shared(words_of(one.get("description") or ""), present)
        scores[one["label"]] += 2 * shared(words_of(one["label"]), present) + described
    for example in given.get("examples") or ():
        near = similarity(str(example.get("input", "")), text)
        for label in example.get("labels") or ():
            if near >= NEAR_EXAMPLE and label in names:
                scores[label] += 3
    if given.get("multi"):
        return [name for name in names if scores[name]]
    return [max(names, key=lambda name: scores[name])]


def decide(given: Given) -> bool:
    """``question`` and ``text`` -> whether it is so.

    Quoted words must stand in the text; questions about positive or negative go by its mood; else
    half of the question's words must be in the text. A negation turns it around.
    """
    question, text = PLACE.sub(" ", given["question"]), given["text"]
    if not text and (split := QUESTION.match(question.strip())):
        question, text = split[1], split[2]
    if not text.strip():
        raise EngineError(
            400,
            "the scripted engine only compares a text with a question; write the question first, "
            "then '?' or ':', then the text, or use PROMPT('question {0}', text)",
        )
    asked = _folded(question)
    good, bad = _mood_counts(text)
    no = PATTERNS["no"].search(asked) is not None
    # A quotation is matched to the letter; an apostrophe within a word opens none.
    if quoted := QUOTED.findall(re.sub(r"(?<=\w)['’](?=\w)", "", asked)):
        return all(one in _folded(text) for one in quoted) != no
    for name, found in (("asks_bad", bad), ("asks_good", good)):
        if PATTERNS[name].search(asked):
            return (found > 0) != no
    wanted = words_of(PATTERNS["no"].sub(" ", asked))
    hits = shared(wanted, words_of(text))
    return (bool(wanted) and 2 * hits >= len(wanted)) != no


def sentiment(given: Given) -> dict[str, str]:
    """``text`` and ``categories`` -> the mood of the whole, and of the clauses that name each."""
    text = given["text"]
    found = {"overall": str(mood(text))}
    parts = [(part, words_of(part)) for part in _parts(text, "clause_end")]
    for category in given.get("categories") or ():
        about = [part for part, present in parts if shared(words_of(category), present)]
        found[category] = mood(". ".join(about)) if about else "unknown"
    return found


def score(given: Given) -> float:
    """``text`` -> from -1 to 1."""
    good, bad = _mood_counts(given["text"])
    return round((good - bad) / (good + bad + 1), 4)


def summarize(given: Given) -> str:
    """``text`` -> its first sentences."""
    kept: list[str] = []
    for sentence in _parts(given["text"], "sentence_end")[:SUMMARY_SENTENCES]:
        if kept and sum(map(len, kept)) + len(sentence) > SUMMARY_CHARACTERS:
            break
        kept.append(sentence[:SUMMARY_CHARACTERS])
    return " ".join(kept)


def aggregate(given: Given) -> str:
    """``texts`` and ``task`` (``None``: a summary) -> counts, frequent words, first sentences."""
    task = (given.get("task") or "")[:QUOTED_CHARACTERS]
    read = [text[:1_000] for text in given["texts"][:READ_TEXTS]]
    named = Counter(word for text in read for word in words_of(text) if len(word) > 1)
    firsts = dict.fromkeys((_parts(text, "sentence_end") or [""])[0] for text in read)
    quoted = [one[:QUOTED_CHARACTERS] for one in firsts if one][:QUOTED_TEXTS]
    values = {
        "task": task,
        "count": len(given["texts"]),
        "frequent": ", ".join(word for word, n in named.most_common(NAMED_WORDS) if n > 1),
        "quoted": " / ".join(quoted),
        **dict.fromkeys(DATA["moods"], 0),
        **Counter(map(mood, read)),
    }
    korean = _is_korean(" ".join([task, *read[:QUOTED_TEXTS]]))
    lines = DATA["aggregate"]["ko" if korean else "en"]
    return "\n".join(line.format(**values) for name, line in lines.items() if values[name])


def translate(given: Given) -> str:
    """``text``, ``source`` ("" = any), ``target`` -> a known phrase, else the text with a note."""
    text, source, target = given["text"], given["source"].lower(), given["target"].lower()
    # Without a source language, guess it from the text; there is always a target.
    for language in (source, target or "?"):
        if not LANGUAGES.match(language or "en"):
            raise EngineError(400, f'unsupported language "{language[:20]}"')
    source = source or ("ko" if _is_korean(text) else "en")
    if source[:2] == target[:2]:
        return str(text)
    heard = _folded(text).strip(" .!")
    for english, korean in DATA["phrases"].items():
        if (source[:2], target[:2], heard) == ("en", "ko", english):
            return str(korean)
        if (source[:2], target[:2], heard) == ("ko", "en", korean):
            return str(english.capitalize())
    korean = target.startswith("ko")
    note = "번역 안 됨: 스크립트 엔진" if korean else "not translated: scripted engine"
    return f"[{note}, {source} → {target}] {text}"


def extract(given: Given) -> dict[str, Any]:
    """``text`` and ``questions`` {label: question} -> what the text says of each, or ``None``.

    The value of a "key: value" whose key is asked for; an e-mail address, link, phone number, date
    or number where one is asked for; the sentence that shares most words.
    """
    return {
        label: _answer(given["text"], label, question)
        for label, question in given["questions"].items()
    }


def _answer(text: str, label: str, question: str) -> Any:
    found = _found(text, label, PATTERNS["list"].sub("", question))
    if PATTERNS["list"].match(question):
        return [one for one in PATTERNS["separator"].split(found) if one] if found else []
    return found


def _found(text: str, label: str, question: str) -> str | None:
    wanted = words_of(f"{question} {'' if label == question else label.replace('_', ' ')}")
    pairs = [(words_of(key), value.strip()) for key, value in PAIR.findall(text[:READ_CHARACTERS])]
    scored = [(shared(key, wanted), value) for key, value in pairs if key]
    best = max(scored, key=lambda one: one[0], default=(0, ""))
    if best[0]:
        return best[1]
    lines = sorted(_parts(text, "sentence_end"), key=lambda one: -shared(wanted, words_of(one)))
    for asks, finds in KINDS:
        if asks.search(f"{question} {label}"):
            return next((match[0].strip() for line in lines if (match := finds.search(line))), None)
    return lines[0] if lines and shared(wanted, words_of(lines[0])) else None


#: Task -> its rule; ``EngineError`` 400 for what a rule cannot answer.
RULES: Mapping[str, Callable[[Given], Any]] = {
    "classify": classify,
    "decide": decide,
    "sentiment": sentiment,
    "score": score,
    "summarize": summarize,
    "aggregate": aggregate,
    "translate": translate,
    "extract": extract,
}
