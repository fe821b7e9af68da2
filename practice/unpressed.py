"""What runs without the button that is to start it."""

from __future__ import annotations

import ast

from practice.kept_in_vain import INSIDE, is_empty, is_state
from practice.slips import Found
from practice.trial import Trial, targets, text_of

# What is for a button to start.
# ``session.sql`` only prepares a statement: ``collect`` runs it.
ASKING = ("Complete", "st.write_stream")
# What is run wherever the page is: no branch, no loop, no function.
STRAIGHT = (
    *(ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.With, ast.withitem),
    *(ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.BinOp, ast.JoinedStr),
    *(ast.FormattedValue, ast.List, ast.Tuple, ast.Starred),
)


def outside_if(trial: Trial) -> Found | None:
    """What asks the model, or needs what only a pressed button makes, and does not wait for one."""
    buttons = _button_ifs(trial)
    # In a chat, a message starts the answer; a button may do something else.
    chats = "st.chat_input" in trial.called
    for call in trial.each(ast.Call) if not buttons and not chats else ():
        alone = isinstance(trial.parents[call], ast.Expr)
        unused = alone and ast.unparse(call.func) == "st.button" and not _kept(call)
        if unused and any(_asks(each, call.lineno) for each in trial.each(ast.Call)):
            return "button_unused", call.lineno, {}
    if not buttons or trial.called & {"st.stop", "st.rerun", "exit", "sys.exit", "quit"}:
        return None
    if found := None if chats else (_in_else(trial, buttons) or _emptied(trial, buttons)):
        return found
    # Either branch of an `if` may give a name its value; one with an `else` is no reason.
    pressed = {id(node) for each in buttons if not each.orelse for node in ast.walk(each)}
    started = [node for each in buttons for node in ast.walk(each)]
    for node in trial.each(ast.expr):
        if not _always_runs(trial, node):
            continue
        # Beside the statement of the button, another may tell something else.
        also = any(isinstance(each, ast.Call) and _asking(each) == "collect" for each in started)
        asking = _asking(node) if isinstance(node, ast.Call) else ""
        if asking and not (asking == "collect" and also):
            return "outside_if", node.lineno, {"name": asking, "other": _before(buttons, node)}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            places = trial.bound.get(node.id, [])
            if places and all(id(place) in pressed for place in places):
                where = {"name": node.id, "other": _before(buttons, node)}
                return "outside_if_used", node.lineno, where
    return None


def _before(buttons: list[ast.If], node: ast.expr) -> str:
    """Return the line of the button's ``if`` that a line was meant to be in: the last above it."""
    lines = [each.lineno for each in buttons]
    return str(max((each for each in lines if each < node.lineno), default=lines[0]))


def _emptied(trial: Trial, buttons: list[ast.If]) -> Found | None:
    """A key of the session state that the task asks for, which each run empties."""
    for made in trial.each(ast.Assign):
        value = made.value
        if isinstance(value, ast.Name):
            places = [trial.parents[each] for each in trial.bound.get(value.id, [])]
            first = places[0] if len(places) == 1 else None
            if isinstance(first, ast.Assign) and _always_runs(trial, first):
                value = first.value
        if not is_empty(value) or not _always_runs(trial, made):
            continue
        for place in made.targets:
            if not isinstance(place, INSIDE) or not is_state(place.value):
                continue
            key = place.attr if isinstance(place, ast.Attribute) else text_of(place.slice)
            if f'"{key}"' in trial.exercise.solution:
                named = {"name": key, "other": str(buttons[0].lineno)}
                return "emptied_each_run", made.lineno, named
    return None


def _in_else(trial: Trial, buttons: list[ast.If]) -> Found | None:
    """What asks the model in the ``else`` of a button, which runs when it wasn't pressed."""
    pressed = {id(node) for each in buttons for line in each.body for node in ast.walk(line)}
    for each in buttons:
        # `if not st.button(...)` has what a pressed one does in its `else`.
        turned = [
            node for node in ast.walk(each.test) if isinstance(node, ast.UnaryOp | ast.Compare)
        ]
        if any(_looks_at_button(trial, node) for node in turned):
            continue
        for node in (node for line in each.orelse for node in ast.walk(line)):
            if isinstance(node, ast.Call) and id(node) not in pressed and _asks(node, each.lineno):
                where = {"name": _asking(node), "other": str(each.lineno)}
                return "in_the_else", node.lineno, where
    return None


def _asks(call: ast.Call, after: int) -> bool:
    """Whether a call below a line is one that a button should start."""
    return call.lineno > after and bool(_asking(call))


def _asking(call: ast.Call) -> str:
    """Return the name of what asks the model or runs a statement; ``""`` for any other call."""
    name = ast.unparse(call.func)
    return name if name in ASKING else "collect" if name.endswith(".collect") else ""


def _kept(button: ast.Call) -> bool:
    """Whether a button tells that it was pressed in another way than by its value."""
    return bool({"key", "on_click"} & {each.arg for each in button.keywords})


def _button_ifs(trial: Trial) -> list[ast.If]:
    """Return each ``if`` that looks at a button, or at a variable that holds one."""
    return [each for each in trial.each(ast.If) if _looks_at_button(trial, each.test)]


def _looks_at_button(trial: Trial, value: ast.expr) -> bool:
    kept = [
        each
        for each in trial.each(ast.Assign)
        if _has_button(each.value)
        # `not st.button(...)` is true while nothing is pressed.
        and not any(isinstance(node, ast.Not | ast.Compare) for node in ast.walk(each.value))
    ]
    names = set().union(*map(targets, kept))
    return _has_button(value) or any(
        isinstance(node, ast.Name) and node.id in names for node in ast.walk(value)
    )


def _has_button(value: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".button")
        for node in ast.walk(value)
    )


def _always_runs(trial: Trial, node: ast.AST) -> bool:
    """Whether the page runs this whenever it is drawn, unless it ends before."""
    return all(isinstance(each, STRAIGHT) for each in trial.above(node))
