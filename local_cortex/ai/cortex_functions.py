"""The Cortex functions of SQL as DuckDB sees them: calls of ``_cortex`` and ``_compute``.

``forms.toml`` says how they are called, :mod:`local_cortex.ai.work` what their rows ask, and
:mod:`local_cortex.ai.late` for which rows a query asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_cortex.ai.asking import answers
from local_cortex.ai.forms import (
    FORMS,
    FUNCTIONS,
    MAY_BE_OBJECT,
    SCHEMA,
    Form,
    inactive_account,
    remote_error,
)
from local_cortex.ai.late import ASKS, late
from local_cortex.engines import EngineError
from local_cortex.engines.computed import DIMENSIONS
from local_cortex.sql.errors import compile_error, not_run, wrong_argument_count

if TYPE_CHECKING:
    import duckdb

    from local_cortex.database.execution import Execution

__all__ = ["FUNCTIONS", "call", "late", "register"]


def call(
    name: str, arguments: Sequence[exp.Expression], named: Mapping[str, exp.Expression]
) -> exp.Expression:
    """Write a call in DuckDB's terms; ``name`` is one of :data:`FUNCTIONS`.

    Raises:
        SqlError: a function that does not run here, wrong arguments, an unknown embedding model.
    """
    if name == "PROMPT":
        return _prompt(arguments)
    name, full_name = name.removeprefix(SCHEMA), name
    form = FORMS[name]
    given = {} if form.refused else _given(name, form, arguments, named)
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


def register(connection: duckdb.DuckDBPyConnection, find: Callable[[int], Execution]) -> None:
    """Create both functions in a database; ``find`` gives the execution of an id."""
    import pyarrow as pa
    from duckdb.func import FunctionNullHandling, PythonUDFType

    def cortex(ids: Any, functions: Any, arguments: Any) -> Any:
        if not len(ids):
            return pa.array([], pa.string())
        execution, name = find(ids[0].as_py()), functions[0].as_py()
        form = FORMS[name.removeprefix(SCHEMA)]
        try:
            if form.refused:
                raise not_run(name, form.refused)
            if form.instead and execution.cortex.inactive_account:
                raise inactive_account(name, form.instead)
            rows = answers(execution, name, arguments.to_pylist())
        except BaseException as error:
            execution.failure = execution.failure or error
            raise
        return pa.array(rows, pa.string())

    for name in ("_cortex", "_compute"):
        connection.create_function(
            name,
            cortex,
            ["BIGINT", "VARCHAR", "VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            # A model is asked again for an equal call; a constant is embedded once.
            side_effects=name == "_cortex",
            # A call with NULL is the function's own to answer.
            null_handling=FunctionNullHandling.SPECIAL,
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
    count = len(arguments) + len(named)
    if len(given) != count or not set(form.required) <= set(given) <= set(form.parameters):
        expected = (
            f"({', '.join(form.parameters)}), the first {len(form.required)} of them required"
        )
        raise wrong_argument_count(name, count, expected)
    return {key: value for key, value in given.items() if key not in MAY_BE_OBJECT or _set(value)}


def _types(name: str, form: Form, given: Mapping[str, exp.Expression]) -> Sequence[str]:
    """Return what the answer, a text, is made: DuckDB's types, one after the other."""
    if form.gives.startswith("FLOAT"):
        return [form.gives.replace("*", str(_dimension(name, form, given["model"])))]
    # COMPLETE's options: documented as text, and read with paths in its examples.
    is_object = {*MAY_BE_OBJECT, "options"} & set(given) or _constant(given.get("mode")) == "detect"
    if is_object:
        return ["JSON", "VARIANT"] if form.gives == "VARIANT" else ["JSON"]
    # A VARIANT of a text is the text itself.
    lists = ["JSON", "JSON[]"] if form.gives == "VARIANT[]" else []
    return [] if form.gives == "VARCHAR" else [*lists, form.gives]


def _bare(node: exp.Expression | None) -> exp.Expression | None:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return node


def _set(node: exp.Expression) -> bool:
    """Tell whether an optional argument may be anything but NULL or FALSE."""
    value = _bare(node)
    return not (isinstance(value, exp.Null) or (isinstance(value, exp.Boolean) and not value.this))


def _constant(node: exp.Expression | None) -> str:
    value = _bare(node)
    return value.this.lower() if isinstance(value, exp.Literal) and value.is_string else ""


def _dimension(name: str, form: Form, model: exp.Expression) -> int:
    """Return how long the vectors of a model are: part of the result's type."""
    asked = _constant(model)
    if not asked:
        message = f"argument 1 of function {name} needs to be constant"
        raise compile_error(message, "001015", "22023")
    dimension = DIMENSIONS.get(asked)
    if dimension is None or form.gives not in {"FLOAT[*]", f"FLOAT[{dimension}]"}:
        raise remote_error(name, EngineError(400, f'unknown model "{asked[:100]}"'))
    return dimension


def _object(values: Mapping[str, exp.Expression]) -> exp.Expression:
    pairs = [one for key, value in values.items() for one in (exp.Literal.string(key), value)]
    return exp.Anonymous(this="JSON_OBJECT", expressions=pairs)


def _prompt(arguments: Sequence[exp.Expression]) -> exp.Expression:
    """An object of a template and what goes into its ``{0}``, ``{1}``, ..."""
    if not arguments:
        raise wrong_argument_count("PROMPT", 0, "a template and its arguments")
    template, *values = arguments
    items = exp.Anonymous(this="JSON_ARRAY", expressions=values)
    return _object({"template": template, "args": items})
