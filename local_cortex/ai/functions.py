"""The Cortex functions of SQL as DuckDB sees them: calls of one Python function, ``_cortex``.

Argument lists and results follow docs.snowflake.com/en/sql-reference/functions (November 2026).
What the functions answer is in :mod:`local_cortex.ai.asking`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.ai.asking import ASK, MAY_BE_OBJECT, answers, remote_error
from local_cortex.ai.protocol import Running
from local_cortex.engines import EngineError
from local_cortex.engines.embedding import DIMENSIONS
from local_cortex.sql.errors import SqlError, not_run, wrong_argument_count

if TYPE_CHECKING:
    import duckdb

__all__ = ["FUNCTIONS", "call", "late", "register"]

TEXT, JSON, REAL, TRUTH, COUNT = "VARCHAR", "JSON", "DOUBLE", "BOOLEAN", "HUGEINT"
SCHEMA = "SNOWFLAKE.CORTEX."


@dataclass(frozen=True, slots=True)
class Form:
    """How a function is called: its parameters, those in brackets optional, and its DuckDB type."""

    signature: str
    type: str
    aggregate: bool = False

    @property
    def parameters(self) -> list[str]:
        return self.signature.replace("[", "").replace("]", "").split()

    @property
    def required(self) -> int:
        return len(self.signature.partition("[")[0].split())


# With return_error_details the type is an object of value and error.
FORMS: Mapping[str, Form] = {
    "AI_COMPLETE": Form(
        "model prompt [model_parameters response_format show_details return_error_details]", TEXT
    ),
    "AI_CLASSIFY": Form("input list_of_categories [config_object return_error_details]", JSON),
    "AI_FILTER": Form("input [return_error_details]", TRUTH),
    "AI_AGG": Form("expr task_description", TEXT, aggregate=True),
    "AI_SUMMARIZE_AGG": Form("expr", TEXT, aggregate=True),
    "AI_SENTIMENT": Form("text [categories return_error_details]", JSON),
    "AI_TRANSLATE": Form("text source_language target_language [return_error_details]", TEXT),
    "AI_EXTRACT": Form("text responseformat", JSON),
    "AI_EMBED": Form("model input", "FLOAT[{}]"),
    "AI_SIMILARITY": Form("input1 input2 [config_object]", REAL),
    "AI_COUNT_TOKENS": Form("function_name input [second third fourth]", COUNT),
    "AI_REDACT": Form("input [categories return_error_details mode]", TEXT),
}
# These fail in an account that Snowflake marked inactive.
LEGACY: Mapping[str, Form] = {
    "COMPLETE": Form("model prompt [options]", TEXT),
    "TRY_COMPLETE": Form("model prompt [options]", TEXT),
    "SUMMARIZE": Form("text", TEXT),
    "SENTIMENT": Form("text", REAL),
    "ENTITY_SENTIMENT": Form("text [categories]", JSON),
    "TRANSLATE": Form("text source_language target_language", TEXT),
    "EXTRACT_ANSWER": Form("text question", TEXT),
    "CLASSIFY_TEXT": Form("input list_of_categories [config_object]", JSON),
    "EMBED_TEXT_768": Form("model input", "FLOAT[{}]"),
    "EMBED_TEXT_1024": Form("model input", "FLOAT[{}]"),
    "COUNT_TOKENS": Form("model input", COUNT),
}
INSTEAD: Mapping[str, str] = {
    "TRY_COMPLETE": "AI_COMPLETE",
    "SUMMARIZE": "AI_COMPLETE or AI_SUMMARIZE_AGG",
    "ENTITY_SENTIMENT": "AI_SENTIMENT",
    "EXTRACT_ANSWER": "AI_EXTRACT",
    "CLASSIFY_TEXT": "AI_CLASSIFY",
    "EMBED_TEXT_768": "AI_EMBED",
    "EMBED_TEXT_1024": "AI_EMBED",
}
FILES = "Files have no model here. Put the text into a table."
REFUSED: Mapping[str, str] = {
    "AI_PARSE_DOCUMENT": FILES,
    "AI_TRANSCRIBE": FILES,
    "TO_FILE": FILES,
    "SNOWFLAKE.CORTEX.PARSE_DOCUMENT": FILES,
    "SNOWFLAKE.CORTEX.FINETUNE": "Local Cortex trains no model.",
    "SNOWFLAKE.CORTEX.SEARCH_PREVIEW": "Use AI_EMBED and VECTOR_COSINE_SIMILARITY instead.",
    "SNOWFLAKE.CORTEX.SPLIT_TEXT_RECURSIVE_CHARACTER": "Split the text with SPLIT_TO_TABLE.",
}

#: The names that :func:`call` takes, upper case: as they stand, and with their schema.
FUNCTIONS = frozenset(
    {"PROMPT", *FORMS, *REFUSED}
    | {SCHEMA + name for name in (*FORMS, *LEGACY)}
    | {SCHEMA + name for name in REFUSED if "." not in name}
)


def call(
    name: str, arguments: Sequence[exp.Expression], named: Mapping[str, exp.Expression]
) -> exp.Expression:
    """Write a call in DuckDB's terms; ``name`` is one of :data:`FUNCTIONS`.

    Raises:
        SqlError: a function that does not run here, wrong arguments, an unknown embedding model.
    """
    if name in REFUSED or name.removeprefix(SCHEMA) in REFUSED:
        raise not_run(name, REFUSED.get(name) or REFUSED[name.removeprefix(SCHEMA)])
    name = name.removeprefix(SCHEMA)
    if name == "PROMPT":
        return _prompt(arguments)
    form = FORMS.get(name) or LEGACY[name]
    given = _given(name, form, arguments, named)
    if form.aggregate:
        given["expr"] = exp.Anonymous(this="LIST", expressions=[given["expr"]])
    pairs = [one for key, value in given.items() for one in (exp.Literal.string(key), value)]
    answer = exp.Anonymous(
        this="_CORTEX",
        expressions=[
            exp.Placeholder(this="EXECUTION"),
            exp.Literal.string(name),
            exp.Anonymous(this="JSON_OBJECT", expressions=pairs),
        ],
    )
    kind = _type(name, form, given)
    return answer if kind == TEXT else exp.cast(answer, kind, dialect="duckdb")


def late(tree: exp.Expression) -> exp.Expression:
    """Ask models after ORDER BY and LIMIT, for the rows that are kept; DuckDB would ask for all.

    ``tree`` is in DuckDB's terms. A query whose parts cannot be told apart stays as it is.
    """
    for select in reversed(list(tree.find_all(exp.Select))):
        moved = _late(select)
        if moved is not None and select is tree:
            tree = moved
    return tree


def register(connection: duckdb.DuckDBPyConnection, find: Callable[[int], Running]) -> None:
    """Create ``_cortex`` in a database; ``find`` gives the execution of an id."""
    import pyarrow as pa
    from duckdb.func import FunctionNullHandling, PythonUDFType

    def cortex(ids: Any, functions: Any, arguments: Any) -> Any:
        if not len(ids):
            return pa.array([], pa.string())
        execution = find(ids[0].as_py())
        function = functions[0].as_py()
        form = FORMS.get(function) or LEGACY[function]
        try:
            if function in LEGACY and execution.cortex.inactive_account:
                raise inactive_account(function)
            required = form.parameters[: form.required]
            rows = answers(execution, function, required, arguments.to_pylist())
        except BaseException as error:
            execution.failure = execution.failure or error
            raise
        return pa.array(rows, pa.string())

    connection.create_function(
        "_cortex",
        cortex,
        ["BIGINT", "VARCHAR", "VARCHAR"],
        "VARCHAR",
        type=PythonUDFType.ARROW,
        # Equal calls are made again, and a call with NULL is the function's own to answer.
        side_effects=True,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def inactive_account(name: str) -> SqlError:
    """Refuse a legacy function as an account that Snowflake marked inactive does (BCR-2432).

    The behaviour is documented, the wording is Local Cortex's own.
    """
    instead = INSTEAD.get(name, f"AI_{name}")
    return SqlError(
        f"Function {SCHEMA}{name} is not available: this account is marked inactive for the legacy "
        f"Cortex functions. Use {instead} instead.",
        code="000002",
        sqlstate="0A000",
    )


def _given(
    name: str,
    form: Form,
    arguments: Sequence[exp.Expression],
    named: Mapping[str, exp.Expression],
) -> dict[str, exp.Expression]:
    """Give each argument its parameter's name."""
    if "file" in {key.lower() for key in named}:
        raise not_run(f"{name} with a FILE", "Give it a text.")
    given = dict(zip(form.parameters, arguments, strict=False))
    given |= {key.lower(): value for key, value in named.items()}
    if (
        len(given) != len(arguments) + len(named)
        or not set(given) <= set(form.parameters)
        or not set(form.parameters[: form.required]) <= set(given)
    ):
        least = form.required
        raise wrong_argument_count(
            name,
            len(arguments) + len(named),
            f"({', '.join(form.parameters)}), the first {least} of them required",
        )
    return {key: value for key, value in given.items() if key not in MAY_BE_OBJECT or _set(value)}


def _type(name: str, form: Form, given: Mapping[str, exp.Expression]) -> str:
    if name in {"AI_EMBED", "EMBED_TEXT_768", "EMBED_TEXT_1024"}:
        return form.type.format(_dimension(name, given["model"]))
    # COMPLETE's options: documented as text, and read with paths in its examples.
    if any(one in given for one in (*MAY_BE_OBJECT, "options")):
        return JSON
    if name == "AI_REDACT" and _constant(given.get("mode")).lower() == "detect":
        return JSON
    return form.type


def _set(node: exp.Expression | None) -> bool:
    """Tell whether an optional argument may be anything but NULL or FALSE."""
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    no = isinstance(node, exp.Boolean) and not node.this
    return not (node is None or no or isinstance(node, exp.Null))


def _constant(node: exp.Expression | None) -> str:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return node.this if isinstance(node, exp.Literal) and node.is_string else ""


def _dimension(name: str, model: exp.Expression) -> int:
    """Return how long the vectors of a model are: part of the result's type."""
    asked = _constant(model)
    if not asked:
        raise SqlError(
            f"SQL compilation error:\nargument 1 of function {name} needs to be constant",
            code="001015",
            sqlstate="22023",
        )
    dimension = DIMENSIONS.get(asked.lower())
    if dimension is None or (name != "AI_EMBED" and not name.endswith(f"_{dimension}")):
        raise remote_error(name, EngineError(400, f'unknown model "{asked[:100]}"'))
    return dimension


def _prompt(arguments: Sequence[exp.Expression]) -> exp.Expression:
    """An object of a template and what goes into its ``{0}``, ``{1}``, ..."""
    if not arguments:
        raise wrong_argument_count("PROMPT", 0, "a template and its arguments")
    template, *values = arguments
    items = exp.Anonymous(this="JSON_ARRAY", expressions=values)
    pairs = [exp.Literal.string("template"), template, exp.Literal.string("args"), items]
    return exp.Anonymous(this="JSON_OBJECT", expressions=pairs)


# Parts of a query, or of a projection, that have to stay where they are.
FIXED_CLAUSES = ("distinct", "group", "having", "qualify", "windows")
FIXED = (exp.AggFunc, exp.Window, exp.Query, exp.Lambda, exp.Star)


def _asks(node: exp.Expression) -> bool:
    calls = (one for one in node.find_all(exp.Anonymous) if one.name == "_CORTEX")
    return any(one.expressions[1].name in ASK for one in calls)


def _late(select: exp.Select) -> exp.Expression | None:
    """Move what asks a model into a query around ``select``."""
    projections = select.expressions
    order = select.args.get("order")
    if order is None or not select.args.get("limit") or not any(map(_asks, projections)):
        return None
    aliased = {
        one.alias: one.this
        for one in projections
        if isinstance(one, exp.Alias) and one.this.name != one.alias
    }
    keys = [_key(one.this, projections, aliased) for one in order.expressions]
    star = exp.Star()
    stars = projections.count(star)
    by_position = any(isinstance(one.this, exp.Literal) for one in order.expressions)
    names = [one.args.get("alias") or one.this for one in projections if one != star]
    if (
        any(select.args.get(one) for one in FIXED_CLAUSES)
        # A join has columns of the same name; what a position means depends on the star.
        or (stars and (select.args.get("joins") or stars > 1 or by_position))
        or any(map(_asks, keys))
        or not all(isinstance(one, exp.Identifier) for one in names)
        or any(_is_fixed(one, aliased) for one in projections if _asks(one))
    ):
        return None
    for ordered, key in zip(order.expressions, keys, strict=True):
        ordered.set("this", key)
    inner: list[exp.Expression] = []

    def kept(node: exp.Expression) -> exp.Expression:
        inner.append(exp.alias_(node.copy(), f"_k{len(inner)}"))
        return exp.column(f"_k{len(inner) - 1}")

    def hoisted(node: exp.Expression) -> exp.Expression:
        return kept(node) if isinstance(node, exp.Column) else node

    name = iter(names)
    outer: list[exp.Expression] = [
        one
        if one == star
        else exp.Alias(
            this=one.unalias().transform(hoisted) if _asks(one) else kept(one.unalias()),
            alias=next(name).copy(),
        )
        for one in projections
    ]
    if stars:
        hidden = [exp.column(one.alias) for one in inner]
        outer[outer.index(star)] = exp.Star(except_=hidden)
        inner.insert(0, star)
    around = exp.Select()
    select.replace(around)
    select.set("expressions", inner)
    around.set("expressions", outer)
    return around.from_(exp.alias_(select.subquery(copy=False), "_late", table=True), copy=False)


def _key(
    node: exp.Expression,
    projections: Sequence[exp.Expression],
    aliased: Mapping[str, exp.Expression],
) -> exp.Expression:
    """Return what ORDER BY means by a position or an alias."""
    if isinstance(node, exp.Literal) and not node.is_string and int(node.this) <= len(projections):
        return projections[int(node.this) - 1].unalias().copy()
    if isinstance(node, exp.Column) and not node.table and node.name in aliased:
        return aliased[node.name].copy()
    return node


def _is_fixed(node: exp.Expression, aliased: Mapping[str, exp.Expression]) -> bool:
    """Tell whether a projection needs more of its query than columns."""
    return (
        node.find(*FIXED) is not None
        or any(not one.table and one.name in aliased for one in node.find_all(exp.Column))
        or any(
            one.name == "LIST" or one.meta.get("aggregate") for one in node.find_all(exp.Anonymous)
        )
    )
