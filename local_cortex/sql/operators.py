"""Operators, casts, CASE, paths and the constructors of semi-structured values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import arithmetic, types
from .batch import Batch, Bound, Values, constant
from .binder import Binder, handles
from .branches import Branch, choose
from .comparison import compare, truth
from .context import Execution
from .errors import SqlError, not_run, wrong_argument_types
from .functions import Call
from .functions.semistructured import build_array, build_object
from .functions.texts import concat
from .mapping import cast, coerce, mapped
from .paths import element, follow
from .types import TEXT, VARIANT, text

__all__: list[str] = []

ARITHMETIC: dict[str, Callable[[Execution, Bound, Bound], Bound]] = {
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    "mul": arithmetic.multiply,
    "div": arithmetic.divide,
    "mod": arithmetic.remainder,
}


@handles(*ARITHMETIC)
def _arithmetic(binder: Binder, node: Any) -> Bound:
    left, right = binder.bind(node.this), binder.bind(node.expression)
    return ARITHMETIC[node.key](binder.execution, left, right)


@handles("neg")
def _negative(binder: Binder, node: Any) -> Bound:
    return arithmetic.negate(binder.execution, binder.bind(node.this))


@handles("dpipe")
def _concatenation(binder: Binder, node: Any) -> Bound:
    parts = [
        coerce(binder.execution, binder.bind(part), TEXT, "||")
        for part in (node.this, node.expression)
    ]
    length = sum(part.type.length or 0 for part in parts)
    kind = text(min(length, TEXT.length or length))
    return mapped(binder.execution, concat, parts, kind)


@handles("cast", "trycast")
def _cast(binder: Binder, node: Any) -> Bound:
    kind = types.from_parsed(node.args["to"])
    if kind is None:
        raise not_run(f"CAST AS {node.args['to']}")
    argument = binder.bind(node.this)
    if argument.type.name == "TEXT" and kind.name in {"ARRAY", "OBJECT"}:
        raise wrong_argument_types(f"CAST AS {kind}", [str(argument.type)])
    return cast(binder.execution, argument, kind, lenient=node.key == "trycast")


@handles("case")
def _case(binder: Binder, node: Any) -> Bound:
    subject = binder.bind(node.this) if node.this is not None else None
    branches = []
    for branch in node.args["ifs"]:
        if subject is None:
            test = truth(binder, branch.this, "CASE")
        else:
            test = compare(binder.execution, "eq", subject, binder.bind(branch.this))
        branches.append(Branch(test, binder.bind(branch.args["true"])))
    otherwise = node.args.get("default")
    default = binder.bind(otherwise) if otherwise is not None else constant(None, types.NULL)
    return choose(binder.execution, branches, default, "CASE")


@handles("jsonextract")
def _path(binder: Binder, node: Any) -> Bound:
    if node.expression.key != "jsonpath":
        raise not_run("a path that is not written out")
    steps: list[str | int] = []
    for step in node.expression.expressions:
        if step.key == "jsonpathroot":
            continue
        if step.key not in {"jsonpathkey", "jsonpathsubscript"}:
            raise not_run(f"{step.key} in a path")
        steps.append(step.this)
    return follow(binder.execution, binder.bind(node.this), steps)


@handles("bracket")
def _bracket(binder: Binder, node: Any) -> Bound:
    source = binder.bind(node.this)
    if len(node.expressions) != 1:
        raise not_run("several subscripts in one pair of brackets")
    index = binder.bind(node.expressions[0])
    if source.type.json_text:
        source = follow(binder.execution, source, [])
    if not source.type.is_json:
        raise wrong_argument_types("GET", [str(source.type), str(index.type)])
    return mapped(binder.execution, element, [source, index], VARIANT)


@handles("array")
def _array(binder: Binder, node: Any) -> Bound:
    items = [binder.bind(item) for item in node.expressions]
    return build_array(Call(binder.execution, "ARRAY_CONSTRUCT", items), items)


@handles("struct")
def _object(binder: Binder, node: Any) -> Bound:
    keys, items = [], []
    for pair in node.expressions:
        if pair.key != "propertyeq":
            raise not_run(f"{{...}} with {pair.key}")
        key = str(pair.this.name)
        keys.append(constant(key, text(len(key))))
        items.append(binder.bind(pair.expression))
    # Unlike OBJECT_CONSTRUCT, an object constant keeps NULLs, as JSON null.
    return build_object(Call(binder.execution, "OBJECT_CONSTRUCT_KEEP_NULL", []), keys, items)


@handles("subquery", "select", "exists")
def _scalar_subquery(binder: Binder, node: Any) -> Bound:
    query = binder.subquery(node.this if node.key == "exists" else node)
    execution = binder.execution
    if node.key == "exists":

        async def exists(batch: Batch) -> Values:
            return [bool((await query.run(execution, max_rows=1)).size)] * batch.size

        return Bound(types.BOOLEAN, exists)
    if len(query.columns) != 1:
        raise wrong_argument_types("(SELECT ...)", ["a subquery of several columns"])

    async def evaluate(batch: Batch) -> Values:
        rows = await query.run(execution, max_rows=2)
        if rows.size > 1:
            message = "Single-row subquery returns more than one row."
            raise SqlError(message, code="090150", sqlstate="22000")
        return [rows.columns[0][0] if rows.size else None] * batch.size

    return Bound(query.columns[0].type, evaluate)
