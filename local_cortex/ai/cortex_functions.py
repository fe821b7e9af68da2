"""How the Cortex functions are called, from ``forms.toml``, and their calls in DuckDB's terms.

DuckDB sees ``_cortex`` and ``_compute``, which :mod:`local_cortex.ai.asking` answers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlglot import exp

from local_cortex.ai.late import ASKS
from local_cortex.engines import EngineError
from local_cortex.engines.computed import DIMENSIONS
from local_cortex.sql.sql_error import SqlError, compile_error, not_run, wrong_argument_count

SCHEMA: Final = "SNOWFLAKE.CORTEX."
#: Arguments that make an answer an object; they are left out of a call where they are not set.
MAY_BE_OBJECT: Final = ("response_format", "show_details", "return_error_details")


@dataclass(frozen=True, slots=True)
class Form:
    """How a function is called; ``forms.toml`` explains the fields."""

    takes: str = ""
    gives: str = "VARCHAR"
    asks: str = ""
    computes: str = ""
    null: bool = False
    instead: str = ""
    refused: str = ""

    @property
    def parameters(self) -> list[str]:
        return self.takes.replace("[", "").replace("]", "").split()

    @property
    def required(self) -> list[str]:
        return self.takes.partition("[")[0].split()


_TABLE: Final = {
    name: Form(**given)
    for name, given in tomllib.loads(
        Path(__file__).with_name("forms.toml").read_text("utf-8")
    ).items()
}
#: A function's own name -> its form.
FORMS: Final = {name.removeprefix(SCHEMA): form for name, form in _TABLE.items()}
#: The names that SQL calls, upper case: as they stand, and with their schema.
FUNCTIONS: Final = frozenset(
    {"PROMPT"}
    | {SCHEMA + name for name in FORMS}
    | {name for name, form in _TABLE.items() if not form.instead}
)


def remote_error(name: str, error: EngineError) -> SqlError:
    """Word an engine's refusal as Snowflake words that of the service behind the function."""
    return SqlError(
        f"Request failed for external function {name}$V2 with remote service error: "
        f"{error.status} '{error}'",
        code="100351",
        sqlstate="P0000",
    )


def call(
    name: str, arguments: Sequence[exp.Expression], named: Mapping[str, exp.Expression]
) -> exp.Expression:
    """Write a call of one of :data:`FUNCTIONS` in DuckDB's terms; ``SqlError`` for a wrong one."""
    if name == "PROMPT":
        if not arguments:
            raise wrong_argument_count(name, 0, "a template and its arguments")
        items = exp.Anonymous(this="JSON_ARRAY", expressions=list(arguments[1:]))
        return _object({"template": arguments[0], "args": items})
    name, full_name = name.removeprefix(SCHEMA), name
    form = FORMS[name]
    given = {} if form.refused else _given(name, form, arguments, named)
    if form.computes == "search":
        message = f"arguments of function {name} need to be constant texts"
        raise compile_error(message, "001015", "22023")
    if form.asks == "aggregate":
        given["expr"] = exp.Anonymous(this="LIST", expressions=[given["expr"]])
    answer: exp.Expression = exp.Anonymous(
        this="_CORTEX" if form.asks or form.refused else "_COMPUTE",
        expressions=[
            exp.Placeholder(this="EXECUTION"),
            exp.Literal.string(full_name if form.refused else name),
            _object(given),
        ],
    )
    answer.meta[ASKS] = form.asks
    for kind in _types(name, form, given):
        # Not `exp.cast`, to which all arrays are one type.
        answer = exp.Cast(this=answer, to=exp.DataType.build(kind, dialect="duckdb"))
    return answer


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
    count = len(arguments) + len(named)
    if len(given) != count or not set(form.required) <= set(given) <= set(form.parameters):
        listed = ", ".join(form.parameters)
        expected = f"({listed}), the first {len(form.required)} of them required"
        raise wrong_argument_count(name, count, expected)
    unset = [key for key in MAY_BE_OBJECT if key in given and _is_unset(given[key])]
    return {key: value for key, value in given.items() if key not in unset}


def _types(name: str, form: Form, given: Mapping[str, exp.Expression]) -> Sequence[str]:
    """Return what the answer, a text, is made: DuckDB's types, one after the other."""
    if form.gives.startswith("FLOAT"):
        # How long the vectors of a model are is part of the type.
        asked = _constant(given["model"])
        if not asked:
            message = f"argument 1 of function {name} needs to be constant"
            raise compile_error(message, "001015", "22023")
        kind = f"FLOAT[{DIMENSIONS.get(asked)}]"
        if asked not in DIMENSIONS or form.gives not in {"FLOAT[*]", kind}:
            raise remote_error(name, EngineError(400, f'unknown model "{asked[:100]}"'))
        return [kind]
    # COMPLETE's options: documented as text, and read with paths in its examples.
    if {*MAY_BE_OBJECT, "options"} & set(given) or _constant(given.get("mode")) == "detect":
        return ["JSON", "VARIANT"] if form.gives == "VARIANT" else ["JSON"]
    # A VARIANT of a text is the text itself.
    lists = ["JSON", "JSON[]"] if form.gives == "VARIANT[]" else []
    return [] if form.gives == "VARCHAR" else [*lists, form.gives]


def _bare(node: exp.Expression | None) -> exp.Expression | None:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return node


def _is_unset(node: exp.Expression) -> bool:
    value = _bare(node)
    return isinstance(value, exp.Null) or (isinstance(value, exp.Boolean) and not value.this)


def _constant(node: exp.Expression | None) -> str:
    value = _bare(node)
    return value.this.lower() if isinstance(value, exp.Literal) and value.is_string else ""


def _object(values: Mapping[str, exp.Expression]) -> exp.Expression:
    pairs = [one for key, value in values.items() for one in (exp.Literal.string(key), value)]
    return exp.Anonymous(this="JSON_OBJECT", expressions=pairs)
