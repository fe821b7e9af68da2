"""The scripted rules behind AI_CLASSIFY, AI_FILTER and the others: one named rule for each task.

Rules compare letters and words, in Korean and English, and always answer alike; their data are in
``tasks.toml``. Where a rule finds nothing it says so (``None``, an error, or words to that effect):
an answer never pretends to know. :data:`RULES` is the whole list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from local_cortex.engines import EngineError
from local_cortex.engines.embedding import similarity
from local_cortex.engines.lexicon import (
    DATA,
    READ_CHARACTERS,
    clauses,
    folded,
    is_korean,
    mood,
    mood_counts,
    sentences,
    shared,
    words,
)

__all__ = ["RULES", "TaskEngine", "run"]

SUMMARY_SENTENCES = 3
SUMMARY_CHARACTERS = 400
# Of a column that is aggregated.
READ_TEXTS = 1_000
QUOTED_TEXTS = 3
QUOTED_CHARACTERS = 120
NAMED_WORDS = 5
# Examples of AI_CLASSIFY that are this near (cosine of their spelling) speak for their labels.
NEAR_EXAMPLE = 0.5


@runtime_checkable
class TaskEngine(Protocol):
    """An engine that does tasks itself; any other is asked in words (see ``instructions``)."""

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do one of the tasks of :data:`RULES`."""
        ...


def run(name: str, arguments: Mapping[str, Any]) -> Any:
    """Do a task.

    Raises:
        EngineError: 400, the rule cannot answer this.
    """
    return RULES[name](arguments)


MOOD_NAMES = {name: mood for mood, names in DATA["moods"].items() for name in names}


def classify(given: Mapping[str, Any]) -> list[str]:
    """``text``, ``labels`` [{label, description}], ``multi``, ``examples`` -> labels.

    The label that shares most words with the text: its own count twice, its description's once, and
    examples that are spelled alike three times. The first label where none shares any; labels such
    as positive and negative go by the text's mood.
    """
    text, labels = given["text"], given["labels"]
    names = [one["label"] for one in labels]
    if {folded(name) for name in names} <= MOOD_NAMES.keys():
        found = mood(text)
        return [name for name in names if MOOD_NAMES[folded(name)] == found] or names[:1]
    present = words(text)
    scores: Counter[str] = Counter()
    for one in labels:
        named = shared(words(one["label"]), present)
        scores[one["label"]] += 2 * named + shared(words(one.get("description") or ""), present)
    for example in given.get("examples") or ():
        near = similarity(str(example.get("input", "")), text)
        for label in example.get("labels") or ():
            if near >= NEAR_EXAMPLE and label in names:
                scores[label] += 3
    if given.get("multi"):
        return [name for name in names if scores[name]]
    return [max(names, key=lambda name: scores[name])]


ASKS_GOOD = re.compile(
    r"\b(?:positive|good|great|happy|satisfied|praise|favou?rable)\b|긍정|만족|칭찬|호평"
)
ASKS_BAD = re.compile(
    r"\b(?:negative|bad|unhappy|dissatisfied|complain\w*|angry|unfavou?rable)\b"
    r"|부정|불만|불평|항의|혹평"
)
NO = re.compile(r"\b(?:not|no|never|without)\b|n['’]t\b|지 않|아닌|아니|없")
QUOTED = re.compile(r"[\"“'‘「]([^\"”'’」]{1,100})[\"”'’」]")
PLACE = re.compile(r"\{[0-9]+\}")
QUESTION = re.compile(r"^(.{3,300}?[?:？])\s*(.+)$", re.DOTALL)


def decide(given: Mapping[str, Any]) -> bool:
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
    asked = folded(question)
    good, bad = mood_counts(text)
    no = NO.search(asked) is not None
    # A quotation is matched to the letter; an apostrophe within a word opens none.
    if quoted := QUOTED.findall(re.sub(r"(?<=\w)['’](?=\w)", "", asked)):
        return all(one in folded(text) for one in quoted) != no
    for pattern, found in ((ASKS_BAD, bad), (ASKS_GOOD, good)):
        if pattern.search(asked):
            return (found > 0) != no
    wanted = words(NO.sub(" ", asked))
    hits = shared(wanted, words(text))
    return (bool(wanted) and 2 * hits >= len(wanted)) != no


def sentiment(given: Mapping[str, Any]) -> dict[str, str]:
    """``text`` and ``categories`` -> the mood of the whole, and of the clauses that name each."""
    text = given["text"]
    found = {"overall": str(mood(text))}
    parts = [(part, words(part)) for part in clauses(text)]
    for category in given.get("categories") or ():
        about = [part for part, present in parts if shared(words(category), present)]
        found[category] = mood(". ".join(about)) if about else "unknown"
    return found


def score(given: Mapping[str, Any]) -> float:
    """``text`` -> from -1 to 1."""
    good, bad = mood_counts(given["text"])
    return round((good - bad) / (good + bad + 1), 4)


def summarize(given: Mapping[str, Any]) -> str:
    """``text`` -> its first sentences."""
    kept: list[str] = []
    for sentence in sentences(given["text"])[:SUMMARY_SENTENCES]:
        if kept and sum(map(len, kept)) + len(sentence) > SUMMARY_CHARACTERS:
            break
        kept.append(sentence[:SUMMARY_CHARACTERS])
    return " ".join(kept)


def aggregate(given: Mapping[str, Any]) -> str:
    """``texts`` and ``task`` (``None``: a summary) -> counts, frequent words, first sentences."""
    texts, task = given["texts"], given.get("task")
    read = texts[:READ_TEXTS]
    moods = Counter(mood(text[:1_000]) for text in read)
    named = Counter(word for text in read for word in words(text[:1_000]) if len(word) > 1)
    frequent = ", ".join(word for word, times in named.most_common(NAMED_WORDS) if times > 1)
    firsts = dict.fromkeys((sentences(text[:1_000]) or [""])[0] for text in read)
    quoted = [one[:QUOTED_CHARACTERS] for one in firsts if one][:QUOTED_TEXTS]
    korean = is_korean(task or "") or any(is_korean(text[:200]) for text in read[:QUOTED_TEXTS])
    values = {
        "task": (task or "")[:QUOTED_CHARACTERS],
        "count": len(texts),
        "frequent": frequent,
        "quoted": " / ".join(quoted),
        **{name: moods[name] for name in DATA["moods"]},
    }
    lines = DATA["aggregate"]["ko" if korean else "en"]
    return "\n".join(line.format(**values) for name, line in lines.items() if values[name])


PHRASES: Mapping[str, str] = DATA["phrases"]
# The languages of AI_TRANSLATE (docs, November 2026).
LANGUAGES = re.compile(
    r"(?:ar|cs|da|de|el|en|es|fi|fr|he|hi|hr|hu|it|ja|ko|nl|no|pl|pt|ro|ru|sv|tr|zh)\b"
)


def translate(given: Mapping[str, Any]) -> str:
    """``text``, ``source`` ("" = any), ``target`` -> a known phrase, else the text with a note."""
    text, source, target = given["text"], given["source"].lower(), given["target"].lower()
    # Without a source language, guess it from the text; there is always a target.
    for language in (source, target or "?"):
        if not LANGUAGES.match(language or "en"):
            raise EngineError(400, f'unsupported language "{language[:20]}"')
    source = source or ("ko" if is_korean(text) else "en")
    if source[:2] == target[:2]:
        return str(text)
    heard = folded(text).strip(" .!")
    to_korean = (source[:2], target[:2]) == ("en", "ko")
    if to_korean or (source[:2], target[:2]) == ("ko", "en"):
        for english, korean in PHRASES.items():
            if heard == (english if to_korean else korean):
                return korean if to_korean else english.capitalize()
    if target.startswith("ko"):
        return f"[번역 안 됨: 스크립트 엔진, {source} → {target}] {text}"
    return f"[not translated: scripted engine, {source} → {target}] {text}"


# A value may hold commas, but not the next key: "name: Kim, hobbies: tea, go".
PAIR = re.compile(
    r"(?:^|[\n,;.!?])[ \t]{0,8}(?:[-*][ \t]{0,8})?([^\n:：,;.!?]{1,60}?)[ \t]{0,8}[:：]"
    r"([^\n,;]+(?:,(?![^\n,:：]{1,60}[:：])[^\n,;]*)*)"
)
KINDS = [
    (re.compile(asks, re.IGNORECASE), re.compile(finds)) for asks, finds in DATA["kinds"].items()
]
LIST = re.compile(r"^\s*(?:list|목록)\s*:\s*", re.IGNORECASE)
SEPARATOR = re.compile(r"\s*(?:,|;|、|\band\b|\s및\s|\n)\s*")


def extract(given: Mapping[str, Any]) -> dict[str, Any]:
    """``text`` and ``questions`` {label: question} -> what the text says of each, or ``None``.

    The value of a "key: value" whose key is asked for; an e-mail address, link, phone number, date
    or number where one is asked for; the sentence that shares most words.
    """
    return {
        label: _answer(given["text"], label, question)
        for label, question in given["questions"].items()
    }


def _answer(text: str, label: str, question: str) -> Any:
    many = LIST.match(question)
    question = LIST.sub("", question)
    found = _found(text, label, question)
    if many:
        return [one for one in SEPARATOR.split(found) if one] if found else []
    return found


def _found(text: str, label: str, question: str) -> str | None:
    wanted = words(f"{question} {'' if label == question else label.replace('_', ' ')}")
    pairs = [(words(key), value.strip()) for key, value in PAIR.findall(text[:READ_CHARACTERS])]
    scored = [(shared(key, wanted), value) for key, value in pairs if key]
    best = max(scored, key=lambda one: one[0], default=(0, ""))
    if best[0]:
        return best[1]
    lines = sorted(sentences(text), key=lambda one: -shared(wanted, words(one)))
    for asks, finds in KINDS:
        if asks.search(f"{question} {label}"):
            return next((match[0].strip() for line in lines if (match := finds.search(line))), None)
    return lines[0] if lines and shared(wanted, words(lines[0])) else None


def structure(given: Mapping[str, Any]) -> Any:
    """``text`` and JSON ``schema`` -> a document that fits, filled by the other rules."""
    return _filled(given["text"], "", given["schema"], 0)


def _filled(text: str, name: str, schema: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > 10:
        raise EngineError(400, "response_format: not a JSON schema")
    question = str(schema.get("description") or name.replace("_", " "))
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    if options := schema.get("enum"):
        labels = [{"label": str(one)} for one in options]
        (chosen,) = classify({"text": text, "labels": labels})
        return next(one for one in options if str(one) == chosen)
    if "object" in kinds:
        properties = schema.get("properties") or {}
        return {key: _filled(text, key, one, depth + 1) for key, one in properties.items()}
    if "array" in kinds:
        items = schema.get("items") or {"type": "string"}
        if not isinstance(items, Mapping) or items.get("type", "string") != "string":
            return []
        return _answer(text, name, f"List: {question}")
    if "boolean" in kinds:
        return decide({"question": question or "?", "text": text})
    found = _found(text, name, question)
    if "number" in kinds or "integer" in kinds:
        number = re.search(r"-?\d+(?:,\d{3})*(?:\.\d+)?", found or "")
        value = float(number[0].replace(",", "")) if number else None
        if value is None:
            return None if "null" in kinds else 0
        return value if "number" in kinds and value % 1 else int(value)
    return found if found is not None or "null" in kinds else ""


#: Task -> its rule.
RULES: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "classify": classify,
    "decide": decide,
    "sentiment": sentiment,
    "score": score,
    "summarize": summarize,
    "aggregate": aggregate,
    "translate": translate,
    "extract": extract,
    "structure": structure,
}
