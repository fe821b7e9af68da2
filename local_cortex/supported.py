"""What Local Cortex runs, as the Markdown that ``python -m local_cortex supported`` prints.

Names come from the tables that the statements themselves use. The tests run every form of a
statement that is written here, every SHOW, view and function.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["ANSWERS", "IGNORED", "REFUSED", "STATEMENTS", "functions", "supported"]

#: Topic -> the forms that run.
STATEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "queries": (
        *("SELECT", "WITH [RECURSIVE]", "JOIN", "LATERAL", "GROUP BY ALL", "QUALIFY", "PIVOT"),
        *("UNPIVOT", "SAMPLE", "UNION", "INTERSECT", "MINUS", "VALUES", "$1 FROM @stage"),
    ),
    "rows": ("INSERT", "INSERT OVERWRITE", "UPDATE", "DELETE", "MERGE", "TRUNCATE TABLE"),
    "tables": (
        *("CREATE TABLE", "CREATE TABLE AS", "CREATE TABLE LIKE", "CREATE TABLE CLONE"),
        *("CREATE TEMPORARY TABLE", "ALTER TABLE", "DROP TABLE"),
    ),
    "other objects": (
        *("CREATE DATABASE", "CREATE SCHEMA", "CREATE VIEW", "CREATE SEQUENCE", "DROP DATABASE"),
        *("DROP SCHEMA", "DROP VIEW", "DROP SEQUENCE", "DESCRIBE TABLE", "COMMENT ON"),
    ),
    "stages and files": (
        *("CREATE STAGE", "CREATE FILE FORMAT", "PUT", "GET", "LIST", "REMOVE", "COPY INTO table"),
        *("COPY INTO @stage", "DESCRIBE STAGE", "DROP STAGE", "DROP FILE FORMAT"),
    ),
    "a session": (
        *("USE DATABASE", "USE SCHEMA", "SET", "UNSET", "ALTER SESSION", "BEGIN", "COMMIT"),
        "ROLLBACK",
    ),
}
#: Accepted, because programs send them, and without effect.
IGNORED: Final = (
    *("CREATE WAREHOUSE", "ALTER WAREHOUSE", "USE WAREHOUSE", "CREATE ROLE", "USE ROLE", "GRANT"),
    "REVOKE",
)
#: Refused by name, error 000002.
REFUSED: Final = (
    *("CREATE FUNCTION", "CREATE PROCEDURE", "CALL", "CREATE TASK", "CREATE STREAM", "CREATE PIPE"),
    *("CREATE DYNAMIC TABLE", "CREATE EXTERNAL TABLE", "AT and BEFORE", "UNDROP", "EXPLAIN"),
    *("INSERT ALL", "MATCH_RECOGNIZE"),
)
# The first that fits a function's name is its group.
GROUPS: Final[Mapping[str, str]] = {
    "Windows": r"ROW_NUMBER|(DENSE_|PERCENT_)?RANK|CUME_DIST|NTILE|LAG|LEAD|(FIRST|LAST|NTH)_VALUE"
    r"|RATIO_TO_REPORT|CONDITIONAL_TRUE_EVENT",
    "Vectors": r"VECTOR_\w+",
    "Aggregates": r"\w+_AGG|ARRAYAGG|ANY_VALUE|APPROX\w+|HLL|AVG|CORR|COUNT\w*|COVAR\w+|GROUPING\w*"
    r"|KURTOSIS|LISTAGG|MAX|MIN|(MAX|MIN)_BY|MEDIAN|MODE|PERCENTILE\w+|REGR\w+|SKEW|STDDEV\w*|SUM"
    r"|VAR_\w+|VARIANCE\w*",
    "Conversions": r"(TRY_)?TO_(?!JSON)\w+|(TRY_)?(BASE64|HEX)_\w+|DATE|TIME",
    "Semi-structured": r"ARRAY\w*|OBJECT\w+|AS_\w+|IS_\w+|GET(_PATH|_IGNORE_CASE)?|TYPEOF|TO_JSON"
    r"|(TRY_)?PARSE_JSON|CHECK_JSON|STRIP_NULL_VALUE|STRTOK_TO_ARRAY",
    "Conditions": r"COALESCE|IFF|IFNULL|NVL2?|NULLIF|NULLIFZERO|ZEROIFNULL|DECODE|EQUAL_NULL"
    r"|BOOL\w+|(GREATEST|LEAST)\w*",
    "Dates and times": r"CURRENT_(DATE|TIME|TIMESTAMP)|GETDATE|SYSDATE|SYSTIMESTAMP|LOCAL\w+"
    r"|\w*(DATE|TIME|TIMESTAMP)\w*|\w+_DAY|ADD_MONTHS|MONTHS_BETWEEN|DAY\w*|MONTH\w*|YEAR\w*"
    r"|WEEK\w*|QUARTER|HOUR|MINUTE|SECOND",
    "Numbers": r"ABS|CEIL\w*|FLOOR|ROUND|TRUNC\w*|MOD|DIV0\w*|SIGN|SQRT|SQUARED?|CBRT|EXP|LN|LOG"
    r"|POW(ER)?|FACTORIAL|PI|A?(SIN|COS|TAN)H?|ATAN2|COT|DEGREES|RADIANS|HAVERSINE|BIT(?!_LENGTH)\w+"
    r"|WIDTH_BUCKET|RANDOM|UNIFORM|NORMAL|SEQ\d|HASH\w*",
    "Text": r"\w+",
}


def supported() -> str:
    """Return the tables of local_cortex/README.md."""
    from local_cortex.ai.cortex_functions import FORMS
    from local_cortex.database.show import ACCOUNT_USAGE, INFORMATION, SHOWN
    from local_cortex.dialect.functions import NOT_RUN

    rows = [(group, _codes(forms)) for group, forms in STATEMENTS.items()]
    rows += [
        ("SHOW", _codes(sorted(SHOWN))),
        ("INFORMATION_SCHEMA", _codes(sorted(INFORMATION))),
        ("SNOWFLAKE.ACCOUNT_USAGE, without rows", _codes(sorted(ACCOUNT_USAGE))),
        ("accepted without effect", _codes(IGNORED)),
        ("refused by name", _codes(REFUSED)),
    ]
    named = functions()
    refused = [name for name, form in FORMS.items() if form.refused]
    return "\n\n".join(
        (
            _table(("statements", "forms"), rows),
            _table(("functions", "names"), [(group, _codes(names)) for group, names in named]),
            _table(("Cortex functions", "what the scripted engine answers"), _answers()),
            f"Functions refused by name: {_codes(sorted({*NOT_RUN, *refused}))}.",
        )
    )


def functions() -> list[tuple[str, list[str]]]:
    """Return the groups of functions and the names in each, without the Cortex functions."""
    from local_cortex.dialect.functions import NAMES
    from local_cortex.dialect.relations import TABLE_FUNCTIONS
    from local_cortex.sql.resolve import SESSION_FUNCTIONS

    grouped: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in sorted(NAMES):
        group = next(one for one, names in GROUPS.items() if re.fullmatch(names, name))
        grouped[group].append(name)
    return [
        *grouped.items(),
        ("The session", sorted(SESSION_FUNCTIONS)),
        ("In FROM", sorted(TABLE_FUNCTIONS)),
    ]


# What FORMS call a thing, where that is no rule's name.
_RULE: Final = {"filter": "decide", "answer": "extract", "classify_text": "classify"}
#: Function -> what the scripted engine answers, or what any engine computes.
ANSWERS: Final[Mapping[str, str]] = {
    "ai_complete": "a scripted answer to the prompt; with a JSON schema, a document that fits it",
    "complete": "a scripted answer to the prompt; with a JSON schema, a document that fits it",
    "classify": "the label that shares most words with the text: its own words count twice, its "
    "description's once, similar examples three times; the first label if none shares any; labels "
    "such as positive and negative go by the text's mood",
    "decide": "true if the text has the quoted words; positive or negative goes by its mood; else "
    "true if it has half of the question's words; a negation turns the answer around",
    "sentiment": "good and bad words of a short list, turned around by a negation; a category's "
    "are those of the clauses that name it",
    "score": "(good - bad) / (good + bad + 1) of the same words",
    "summarize": "the first three sentences",
    "aggregate": "counts by mood, frequent words and first sentences",
    "translate": "fifteen phrases between Korean and English; else the text with a note",
    "extract": "the value of a `key: value` whose key is asked for; an e-mail address, link, phone "
    "number, date or number if one is asked for; the sentence that shares most words; else null",
    "structure": "each property of the JSON schema by the rule that fits its type",
    "embed": "a vector of the words' spelling, with any engine",
    "similar": "the cosine of two such vectors, with any engine",
    "count": "an estimate of the tokens, with any engine",
    "ai_count": "an estimate of the tokens, with any engine",
    "redacted": "the text without the names, addresses and numbers that patterns find, with any "
    "engine",
    "split_text": "pieces of this size, cut at the separators, with any engine",
    "split_markdown": "pieces of this size, cut at the headers, with any engine",
}


def _answers() -> list[tuple[str, str]]:
    from local_cortex.ai.cortex_functions import FORMS

    names: dict[str, list[str]] = defaultdict(list)
    for name, form in FORMS.items():
        if does := form.asks or form.computes:
            names[ANSWERS[_RULE.get(does, does)]].append(name)
    return [(_codes(group), says) for says, group in names.items()]


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = (f"| {first} | {second.replace('|', '&#124;')} |" for first, second in rows)
    return "\n".join((f"| {head[0]} | {head[1]} |", "|---|---|", *lines))
