"""Mistakes that end no program: what was to be kept, and is kept nowhere or in the wrong place."""

from __future__ import annotations

import ast

from practice.slips import Found
from practice.trial import Rule, Trial, blocks, given_to, in_loop, similar, targets, text_of

# What a value can be kept in, beside a name.
INSIDE = (ast.Subscript, ast.Attribute)
# Types of values that a program makes again in each run: losing them changes nothing.
RESOURCES = ("Session", "OpenAI")
# Types of what gives pieces of an answer, and no text.
STREAMS = ("generator", "Stream")


def unkept(trial: Trial) -> Found | None:
    """A value in the session state that an exercise can't hand on to its next run."""
    lost = trial.evidence.lost.items()
    found = next((each for each in lost if each[1] not in RESOURCES), None)
    if found is None:
        return None
    name, kind = found
    # No line: what is in a list came there by another name.
    return "unkept_stream" if kind in STREAMS else "unkept", 0, {"name": name, "other": kind}


def own_copy(trial: Trial) -> Found | None:
    """A function that collects into a variable of its own, where the one outside stays empty."""
    for function in trial.each(ast.FunctionDef):
        shared = {name for node in ast.walk(function) for name in getattr(node, "names", ())}
        parameters = {each.arg for each in function.args.args}
        for node in ast.walk(function):
            if not isinstance(node, ast.Assign) or not is_empty(node.value):
                continue
            for name in targets(node) - shared:
                named = {"name": name, "other": function.name}
                if name in parameters and node in function.body and _unseen(function, node, name):
                    return "parameter_replaced", node.lineno, named
                if name not in parameters and _stays_empty(trial, name, function):
                    return "own_copy", node.lineno, named
    return None


def _unseen(function: ast.FunctionDef, node: ast.Assign, name: str) -> bool:
    """Whether nobody has looked at a parameter yet, and the function doesn't hand it out."""
    read = [
        each.lineno
        for each in ast.walk(function)
        if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load)
    ]
    return min(read, default=node.lineno) >= node.lineno and name not in _handed_out(function)


def _handed_out(function: ast.FunctionDef) -> set[str]:
    """Return the names whose values a function returns or yields, as they are or joined."""
    gives = (ast.Return, ast.Yield, ast.YieldFrom)
    given = [each.value for each in ast.walk(function) if isinstance(each, gives) and each.value]
    return {ast.unparse(each) for each in given} | {*map(_made_of, given)}


def list_unnamed(trial: Trial) -> Found | None:
    """An empty list that a function fills, and that nothing else can get at."""
    for function in trial.each(ast.FunctionDef):
        for call in trial.each(ast.Call):
            # A learner who keeps what `st.write_stream` returns doesn't need the list.
            if any(isinstance(each, ast.Assign) for each in trial.above(call)):
                continue
            for parameter, value in given_to(function, call):
                unseen = parameter not in _handed_out(function)
                if unseen and parameter in fills(function) and is_empty(value):
                    return "list_unnamed", call.lineno, {"name": function.name}
    return None


def parameter_grown(trial: Trial) -> Found | None:
    """A parameter that gets a new list, such as `x + [...]`, and is used for nothing else.

    Or one that gets a new string by `+=`, while the one that it was given stays empty.
    """
    for function in trial.each(ast.FunctionDef):
        given = [each for call in trial.each(ast.Call) for each in given_to(function, call)]
        for node in ast.walk(function):
            if isinstance(node, ast.AugAssign):
                name = ast.unparse(node.target)
                unseen = name not in _handed_out(function)
                if unseen and any(
                    name == to and _is_empty_text(trial, value) for to, value in given
                ):
                    return "parameter_grown", node.lineno, {"name": name, "other": function.name}
            made = node.value if isinstance(node, ast.Assign) else None
            added = made.right if isinstance(made, ast.BinOp) else made
            if not isinstance(node, ast.Assign) or not isinstance(added, ast.List):
                continue
            for name in targets(node) & {each.arg for each in function.args.args}:
                used = [each for each in ast.walk(function) if getattr(each, "id", "") == name]
                if all(each in ast.walk(node) for each in used):
                    return "parameter_grown", node.lineno, {"name": name, "other": function.name}
    return None


def _is_empty_text(trial: Trial, value: ast.expr) -> bool:
    """Whether this is a variable that never is anything but an empty string."""
    places = [
        trial.parents[each]
        for each in trial.bound.get(ast.unparse(value), ())
        if isinstance(each, ast.Name) and trial.function(each) is trial.function(value)
    ]
    return [ast.unparse(getattr(each, "value", each)) for each in places] == ["''"]


def stored_empty(trial: Trial) -> Found | None:
    """What is copied or stored of a variable while nothing is in it."""
    grown = {ast.unparse(each.target) for each in trial.each(ast.AugAssign)}
    for node in trial.each(ast.Assign):
        block = next((each for each in blocks(trial.parents[node]) if node in each), [])
        empty = is_empty(node.value) or ast.unparse(node.value) == "()"
        for name in map(ast.unparse, node.targets if empty else ()):
            lines = (each for each in block[block.index(node) + 1 :] if _names(each, name))
            later = next(lines, None)
            if not isinstance(later, ast.Expr | ast.Assign):
                continue
            if isinstance(node.value, ast.List) or ast.unparse(node.value) == "list()":
                inside = [*ast.walk(later)]
                # A `lambda` runs later; beside another use, the list may be full by then.
                sure = not any(isinstance(each, ast.Lambda) for each in inside) and (
                    sum(isinstance(each, ast.expr) and ast.unparse(each) == name for each in inside)
                    == 1
                )
                for each in inside if sure and _may_grow(trial, name, later.lineno) else ():
                    if isinstance(each, ast.expr) and _made_of(each) == name:
                        return "copied_empty", each.lineno, {"name": name}
            elif name in grown and isinstance(later, ast.Assign) and not in_loop(trial, later):
                kept = [each for each in trial.each(ast.Assign) if ast.unparse(each.value) == name]
                place = later.targets[0]
                again = [
                    each
                    for each in trial.each(ast.stmt)
                    if isinstance(each, ast.Assign | ast.AugAssign)
                    and ast.unparse(place) in map(ast.unparse, _places(each))
                ]
                if kept == [later] == again and isinstance(place, INSIDE):
                    return "string_stored", later.lineno, {"name": name}
    return None


def _places(node: ast.Assign | ast.AugAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _may_grow(trial: Trial, name: str, after: int) -> bool:
    """Whether code below a line appends to a list, or gives it to what may."""
    for node in (*trial.each(ast.Name), *trial.each(ast.Attribute)):
        parent = trial.parents[node]
        given = isinstance(parent, ast.Call) and ast.unparse(parent.func) not in ("len", "bool")
        changes = given or isinstance(parent, ast.Attribute | ast.keyword | ast.AugAssign)
        if changes and node.lineno > after and ast.unparse(node) == name:
            return True
    return False


def _names(statement: ast.stmt, name: str) -> bool:
    """Whether a statement looks at a variable as soon as it runs."""
    return not isinstance(statement, ast.FunctionDef) and any(
        isinstance(each, ast.Name | ast.Attribute) and ast.unparse(each) == name
        for each in ast.walk(statement)
    )


def list_replaced(trial: Trial) -> Found | None:
    """An empty list under a name whose list before that was kept in the lines above."""
    for node in trial.each(ast.Assign):
        if not is_empty(node.value) or in_loop(trial, node) or trial.function(node):
            continue
        block = next((each for each in blocks(trial.parents[node]) if node in each), [])
        for earlier in block[: block.index(node)]:
            if names := _stored(earlier) & targets(node):
                where = {"name": min(names), "other": str(earlier.lineno)}
                return "list_replaced", node.lineno, where
    return None


def state_replaced(trial: Trial) -> Found | None:
    """A list of the session state that makes way for a new one, under its variable only."""
    assigned = [*trial.each(ast.Assign)]
    states = {
        name: each.lineno
        for each in assigned
        if "st.session_state" in ast.unparse(each)
        for name in targets(each)
    }
    stored = {ast.unparse(each.value) for each in assigned if isinstance(each.targets[0], INSIDE)}
    for node in assigned:
        inside = [*ast.walk(node.value)] if isinstance(node.value, ast.BinOp | ast.List) else []
        lists = any(isinstance(each, ast.List) for each in inside)
        if not lists or trial.function(node) or _state_written(trial, node.lineno):
            continue
        for name in (targets(node) & states.keys()) - stored:
            if node.lineno > states[name]:
                return "state_replaced", node.lineno, {"name": name}
    return None


def _state_written(trial: Trial, after: int) -> bool:
    """Whether a line below puts something into the session state by another way than a name."""
    for node in trial.each(ast.stmt):
        written = _places(node) if isinstance(node, ast.Assign | ast.AugAssign) else []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            written = [node.value.func]
        if node.lineno > after and any("st.session_state" in ast.unparse(each) for each in written):
            return True
    return False


def new_each_run(trial: Trial) -> Found | None:
    """A list that is sent to the model, filled in each run, and empty at the start of the next."""
    several = len(trial.evidence.runs) > 1
    for node in trial.each(ast.Assign) if several else ():
        if trial.parents[node] is not trial.program or not is_empty(node.value):
            continue
        for name in targets(node):
            once = len(trial.bound[name]) == 1
            used = [each for each in trial.each(ast.Name) if each.id == name]
            parents = [trial.parents[each] for each in used]
            sent = any(_asks_with(trial, each) for each in parents)
            filled = [each for each in parents if isinstance(each, ast.Attribute)]
            adds = all(each.attr in ("append", "extend") for each in filled)
            if once and sent and filled and adds and not _from_state(trial, filled):
                return "new_each_run", node.lineno, {"name": name}
    return None


def _asks_with(trial: Trial, place: ast.AST) -> bool:
    """Whether what stands here is given to the model."""
    call = trial.parents[place] if isinstance(place, ast.keyword) else place
    name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    return name == "Complete" or name.endswith("completions.create")


def _from_state(trial: Trial, methods: list[ast.Attribute]) -> bool:
    """Whether one of these calls is given what the session state holds."""
    # A function of the program may get it from there, too.
    own = {
        each.name for each in trial.each(ast.FunctionDef) if "st.session_state" in ast.unparse(each)
    }
    states = own | {
        name
        for each in trial.each(ast.Assign)
        if "st.session_state" in ast.unparse(each)
        or own & {getattr(node, "id", "") for node in ast.walk(each.value)}
        for name in targets(each)
    }
    loops = [each for each in trial.each(ast.For) if any(one in ast.walk(each) for one in methods)]
    given = [*(trial.parents[each] for each in methods), *(each.iter for each in loops)]
    nodes = [node for each in given for node in ast.walk(each)]
    return any(isinstance(node, ast.Name) and node.id in states for node in nodes) or any(
        is_state(node) for node in nodes if isinstance(node, ast.expr)
    )


def copy_grown(trial: Trial) -> Found | None:
    """A copy of a list that is only added to: nothing looks at it, and the list stays as it is."""
    for node in trial.each(ast.Assign):
        copied = _made_of(node.value)
        for name in targets(node) if copied else ():
            used = [each for each in trial.each(ast.Name) if each.id == name]
            parents = [trial.parents[each] for each in used if each not in node.targets]
            grown = [each for each in parents if isinstance(each, ast.Attribute)]
            adds = all(each.attr in ("append", "extend") for each in grown)
            if grown and adds and len(grown) == len(parents):
                return "copy_grown", grown[0].lineno, {"name": name, "other": copied}
    return None


def _made_of(value: ast.expr) -> str:
    """Return what is copied here, or joined, or ``""``."""
    match value:
        case (
            ast.Call(func=ast.Attribute(value=made, attr="copy"), args=[])
            | ast.Call(func=ast.Name(id="list" | "tuple") | ast.Attribute(attr="join"), args=[made])
            | ast.Subscript(value=made, slice=ast.Slice(lower=None, upper=None))
            | ast.List(elts=[ast.Starred(value=made)])
        ):
            return ast.unparse(made)
    return ""


def _stored(statement: ast.stmt) -> set[str]:
    """Return the names whose values a statement puts into something."""
    match statement:
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()], value=ast.Name(id=name)):
            return {name}
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[item])):
            items = [item, *getattr(item, "elts", ())]
            return {each.id for each in items if isinstance(each, ast.Name)}
    return set()


def is_empty(value: ast.expr) -> bool:
    """Whether this is an empty string or list."""
    return ast.unparse(value) in ("''", "[]", "list()", "str()")


def _stays_empty(trial: Trial, name: str, function: ast.FunctionDef) -> bool:
    """Whether all that the page itself does to a variable is to empty it, and to look at it."""
    inside = {id(node) for node in ast.walk(function)}
    filled = {
        ast.unparse(value)
        for other in trial.each(ast.FunctionDef)
        for call in trial.each(ast.Call)
        for parameter, value in given_to(other, call)
        if parameter in fills(other)
    }
    outside = [node for node in trial.each(ast.Name) if node.id == name and id(node) not in inside]
    parents = [trial.parents[node] for node in outside]
    gives = (ast.Return, ast.Yield)
    given = [node.value for node in ast.walk(function) if isinstance(node, gives)]
    return (
        name not in filled
        and any(isinstance(each, ast.Assign) for each in parents)
        and all(not isinstance(each, ast.Assign) or is_empty(each.value) for each in parents)
        and not any(isinstance(each, ast.Attribute | ast.AugAssign) for each in parents)
        and not any(value is not None and name in ast.unparse(value) for value in given)
    )


def fills(function: ast.FunctionDef) -> set[str]:
    """Return the parameters that a function puts something into."""
    nodes = [*ast.walk(function)]
    filled = {
        ast.unparse(each.value)
        for each in nodes
        if (isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store))
        or (isinstance(each, ast.Attribute) and each.attr in ("append", "extend", "update"))
    }
    return filled & {each.arg for each in function.args.args}


def unread_key(trial: Trial) -> Found | None:
    """A name in the session state that stands only once in the program, and is not asked for.

    Looked at only where the value is kept under it.
    """
    keys = [text_of(each.slice) for each in trial.each(ast.Subscript) if is_state(each.value)]
    keys += [each.attr for each in trial.each(ast.Attribute) if is_state(each.value)]
    for name in trial.evidence.kept:
        others = [each for each in trial.evidence.kept if keys.count(each) > 1]
        # A value beside the one that is read does no harm.
        unfilled = any(not trial.evidence.kept[each] for each in others)
        places = [
            node.lineno
            for node in trial.each(ast.expr)
            if text_of(node) == name or getattr(node, "attr", "") == name
        ]
        asked = f'"{name}"' in trial.exercise.solution
        if others and len(places) == 1 and name in keys and not asked:
            other = similar(name, others)
            code = "unread_key" if other else "kept_unread"
            if other or unfilled:
                return code, places[0], {"name": name, "other": other}
    return None


def is_state(node: ast.expr) -> bool:
    """Whether this is the session state."""
    return ast.unparse(node) == "st.session_state"


IN_VAIN: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(own_copy, stored_empty, parameter_grown, list_replaced, list_unnamed, state_replaced),
        *(copy_grown, new_each_run, unkept, unread_key),
    )
}
