"""What is read too early, or twice: a variable, a stream, the clock."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from practice.kept_in_vain import fills
from practice.patterns import CLOCKS
from practice.slips import Found
from practice.trial import Rule, Trial, blocks, given_to, in_loop, is_generator, targets

# What takes everything out of a stream.
READERS = ("st.write_stream", "list", "tuple", "sorted", "set", "sum")
# What gives its values only once, beside a generator.
ONCE = ("iter", "map", "filter", "zip", "enumerate", "reversed")


def read_early(trial: Trial) -> Found | None:
    """A look into what a generator fills, before ``st.write_stream`` has run the generator."""
    shown = {
        ast.unparse(call.args[0]): call.lineno
        for call in trial.each(ast.Call)
        if call.args and ast.unparse(call.func) == "st.write_stream" and not in_loop(trial, call)
    }
    for call in trial.each(ast.Call):
        kept = trial.parents[call]
        made = {ast.unparse(call)} | (targets(kept) if isinstance(kept, ast.Assign) else set())
        names = {
            value.id
            for function in trial.each(ast.FunctionDef)
            for parameter, value in given_to(function, call)
            if parameter in fills(function) and isinstance(value, ast.Name)
            if _begins_empty(trial, value.id)
        }
        for at in (shown[each] for each in made & shown.keys()):
            for node in trial.each(ast.Name):
                looks = isinstance(node.ctx, ast.Load) and trial.parents[node] is not call
                reads = looks and node.id in names and not trial.function(node)
                if reads and node.lineno < at and not _is_given(trial, node):
                    return "read_early", node.lineno, {"name": node.id, "other": str(at)}
    return None


def _begins_empty(trial: Trial, name: str) -> bool:
    """Whether all that the page gives a name is a list or a dictionary that is made there."""
    made = [
        each.value
        for each in trial.each(ast.Assign)
        if name in targets(each) and not trial.function(each)
    ]
    return bool(made) and all(
        isinstance(each, ast.List | ast.Dict) or ast.unparse(each) in ("list()", "dict()")
        for each in made
    )


def _is_given(trial: Trial, node: ast.Name) -> bool:
    """Whether a name only stands for the thing itself, which is stored or given on."""
    parent = trial.parents[node]
    if isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load):
        return True
    return isinstance(
        parent,
        ast.Attribute | ast.Assign | ast.Tuple | ast.List | ast.Dict | ast.keyword | ast.Starred,
    ) or (
        isinstance(parent, ast.Call)
        and ast.unparse(parent.func) not in ("len", "sum", "max", "bool")
    )


def clock_once(trial: Trial) -> Found | None:
    """A condition for giving up that looks only at times which were read before the loop."""
    reads = [each for each in trial.each(ast.Call) if ast.unparse(each) in CLOCKS]
    kept = {
        name
        for each in trial.each(ast.Assign)
        if any(node in reads for node in ast.walk(each.value))
        for name in targets(each)
    }
    loops: list[ast.For | ast.While] = [*trial.each(ast.For), *trial.each(ast.While)]
    for loop in loops:
        inside = [*ast.walk(loop)]
        # Another function may read the clock for the loop.
        if any(
            each in inside
            or trial.function(each) != trial.function(loop)
            or any(isinstance(around, ast.Lambda) for around in trial.above(each))
            for each in reads
        ):
            continue
        set_here = {
            each.id
            for each in inside
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        for test in (node.test for node in inside if isinstance(node, ast.If)):
            names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
            if names & kept and not names & set_here:
                return "clock_once", test.lineno, {"other": str(loop.lineno)}
    return None


def clock_backwards(trial: Trial) -> Found | None:
    """The time now, subtracted from a time that was read before."""
    made = [each for each in trial.each(ast.Assign) if ast.unparse(each.value) in CLOCKS]
    for node in trial.each(ast.BinOp):
        start = ast.unparse(node.left)
        given = [each for each in made if start in targets(each)]
        backwards = isinstance(node.op, ast.Sub) and ast.unparse(node.right) in CLOCKS
        # A deadline is a sum, and what is left of it is right.
        if backwards and given and len(given) == len(trial.bound[start]):
            return "clock_backwards", node.lineno, {"name": start}
    return None


def restarted(trial: Trial) -> Found | None:
    """A start time that every round of the loop sets again."""
    loops: list[ast.For | ast.While] = [*trial.each(ast.For), *trial.each(ast.While)]
    for loop in loops:
        read = [
            each
            for each in loop.body
            if isinstance(each, ast.Assign) and ast.unparse(each.value) in CLOCKS
        ]
        # Now, minus the start; which may be given the time by its name, too.
        now = {*CLOCKS}.union(*map(targets, read))
        read += [
            each
            for each in loop.body
            if isinstance(each, ast.Assign) and ast.unparse(each.value) in now and each not in read
        ]
        starts = {
            ast.unparse(node.right)
            for node in ast.walk(loop)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
            if ast.unparse(node.left) in now
        }
        for node in read:
            for name in targets(node) & starts:
                return "restarted", node.lineno, {"name": name, "other": str(loop.lineno)}
    return None


def read_again(trial: Trial) -> Found | None:
    """A stream or a generator that is read to its end in two places, one after the other."""
    makers = {each.name for each in trial.each(ast.FunctionDef) if is_generator(each)}
    streams = [
        name
        for each in trial.each(ast.Assign)
        if isinstance(each.value, ast.GeneratorExp)
        or (
            isinstance(each.value, ast.Call)
            and (
                "stream=True" in map(ast.unparse, each.value.keywords)
                or ast.unparse(each.value.func) in makers.union(ONCE)
            )
        )
        for name in targets(each)
        if sum(isinstance(each, ast.Name) for each in trial.bound[name]) == 1
    ]
    # A function's parameter that a call gives a stream to is one as well.
    streams += [
        parameter
        for function in trial.each(ast.FunctionDef)
        for call in trial.each(ast.Call)
        for parameter, given in given_to(function, call)
        if ast.unparse(given) in streams
        and {*trial.bound[parameter]} <= {*function.args.args, *trial.bound[ast.unparse(given)]}
    ]
    reads = [
        (node, ast.unparse(name)) for node, name in _reads(trial) if ast.unparse(name) in streams
    ]
    for (first, name), (second, again) in itertools.permutations(reads, 2):
        same = name == again and _owner(trial, first, name) is _owner(trial, second, name)
        if same and _surely_before(trial, first, second):
            return "read_again", second.lineno, {"name": name, "other": str(first.lineno)}
    return None


def _owner(trial: Trial, node: ast.AST, name: str) -> ast.FunctionDef | None:
    """Return the function around a place whose parameter a name is."""
    function = trial.function(node)
    given = [each.arg for each in function.args.args] if function else []
    return function if name in given else None


def _surely_before(trial: Trial, first: ast.AST, second: ast.AST) -> bool:
    """Whether one place of a program has always been passed when the other is reached."""
    around = [second, *trial.above(second)]
    inner = [first]
    while trial.parents[inner[-1]] not in around:
        inner.append(trial.parents[inner[-1]])
    holder = trial.parents[inner[-1]]
    later = next((each for each in around if trial.parents.get(each) is holder), None)
    sure = ast.expr | ast.Expr | ast.Assign | ast.With
    return all(
        (isinstance(each, sure) and not isinstance(each, ast.Lambda | ast.IfExp | ast.BoolOp))
        or each is first
        or (isinstance(each, ast.Try) and not each.orelse)
        for each in inner
    ) and any(
        inner[-1] in block and later in block[block.index(inner[-1]) + 1 :]
        for block in blocks(holder)
    )


def _reads(trial: Trial) -> Iterator[tuple[ast.expr | ast.For, ast.expr]]:
    """Yield what takes everything out of something, and what it takes it out of."""
    for call in trial.each(ast.Call):
        name = ast.unparse(call.func)
        if call.args and (name in READERS or name.endswith(".join")):
            given = call.args[0]
            yield call, given.generators[0].iter if isinstance(given, ast.GeneratorExp) else given
    for made in trial.each(ast.ListComp):
        yield made, made.generators[0].iter
    for loop in trial.each(ast.For):
        if not any(isinstance(each, ast.Break | ast.Return) for each in ast.walk(loop)):
            yield loop, loop.iter


WHEN_READ: dict[str, Rule] = {
    rule.__name__: rule for rule in (read_early, read_again, restarted, clock_once, clock_backwards)
}
