"""SNOWFLAKE.CORTEX.COMPLETE, TRY_COMPLETE, AI_COMPLETE and PROMPT.

Arguments and results follow the pages complete-snowflake-cortex, try_complete-snowflake-cortex,
ai_complete-single-string and prompt of docs.snowflake.com/en/sql-reference/functions
(November 2026).
"""

from __future__ import annotations

from typing import Any

from local_cortex.engines import EngineError
from local_cortex.sql.asking import Question, ask_rows, details
from local_cortex.sql.batch import Bound, constant
from local_cortex.sql.errors import SqlError, not_run, wrong_argument_count, wrong_argument_types
from local_cortex.sql.mapping import cast, coerce, mapped
from local_cortex.sql.protocol import Completion
from local_cortex.sql.types import BOOLEAN, NULL, OBJECT, TEXT, VARIANT, SqlType
from local_cortex.sql.values import as_json, json_text

from .registry import UNLIMITED, Call, builder

# The result of COMPLETE with options: documented as a string, and read with paths in its examples.
DETAILED_TEXT = SqlType("TEXT", length=TEXT.length, json_text=True)
AI_COMPLETE_PARAMETERS = (
    "model",
    "prompt",
    "model_parameters",
    "response_format",
    "show_details",
    "return_error_details",
)


@builder("SNOWFLAKE.CORTEX.COMPLETE", "SNOWFLAKE.CORTEX.TRY_COMPLETE", least=2, most=3)
def complete(call: Call) -> Bound:
    """``(model, prompt)`` gives text; ``(model, prompt or messages, options)`` a JSON document."""
    detailed = len(call.arguments) > 2
    prompt = call.arguments[1]
    if prompt.type.name not in {"TEXT", "NULL"} and not (detailed and prompt.type.is_json):
        raise wrong_argument_types(call.name, [str(one.type) for one in call.arguments])
    arguments = [call.coerced(0, TEXT), prompt]
    if detailed:
        arguments.append(call.coerced(2, OBJECT))
    lenient = call.name.endswith("TRY_COMPLETE")

    def question(model: Any, said: Any, options: Any = None) -> Question | None:
        if model is None or said is None or (detailed and options is None):
            return None
        return Question.build(model, said, options or {})

    def value(row: tuple[Any, ...], asked: Question, completion: Completion) -> str:
        if not detailed:
            return completion.text
        if asked.structured:
            return json_text(asked.structure(completion))
        return json_text(details(call.execution, row[0], completion), pretty=True)

    def failed(_: tuple[Any, ...], error: EngineError) -> None:
        if not lenient:
            raise remote_error(call.name, error) from None

    kind = DETAILED_TEXT if detailed else TEXT
    return ask_rows(call.execution, question, value, failed, arguments, kind, strict=not lenient)


@builder("AI_COMPLETE", least=0, takes_names=True)
def ai_complete(call: Call) -> Bound:
    """The answer as a VARIANT; a failure gives NULL unless ``return_error_details`` is true."""
    given = _by_name(call)
    kinds = dict.fromkeys(("model_parameters", "response_format"), OBJECT)
    kinds |= {"model": TEXT, "show_details": BOOLEAN, "return_error_details": BOOLEAN}
    if given["prompt"].type.name not in {"TEXT", "NULL", "OBJECT", "VARIANT"}:
        raise wrong_argument_types(call.name, [str(given["prompt"].type)])
    arguments = [
        coerce(call.execution, bound, kinds[name], call.name) if name in kinds else bound
        for name, bound in given.items()
    ]

    def question(model: Any, prompt: Any, parameters: Any, form: Any, *_: Any) -> Question | None:
        if model is None or prompt is None:
            return None
        options = dict(parameters or {})
        # Documented: a response_format among the model parameters is not recognised.
        options.pop("response_format", None)
        if form is not None:
            options["response_format"] = form
        return Question.build(model, prompt, options)

    def value(row: tuple[Any, ...], asked: Question, completion: Completion) -> Any:
        model, *_, show, explain = row
        structured = asked.structure(completion) if asked.structured else None
        answer = structured if asked.structured else completion.text
        if show:
            answer = details(call.execution, model, completion, structured)
        return {"value": answer, "error": None} if explain else answer

    def failed(row: tuple[Any, ...], error: EngineError) -> Any:
        return {"value": None, "error": str(error)} if row[-1] else None

    return ask_rows(call.execution, question, value, failed, arguments, VARIANT, strict=False)


def _by_name(call: Call) -> dict[str, Bound]:
    given = dict(zip(AI_COMPLETE_PARAMETERS, call.arguments, strict=False))
    given |= {name.lower(): bound for name, bound in call.named.items()}
    if "file" in given or "predicate" in given:
        raise not_run("AI_COMPLETE with a FILE", "Give it a text prompt.")
    unknown = sorted(set(given) - set(AI_COMPLETE_PARAMETERS))
    if (
        unknown
        or len(call.arguments) > len(AI_COMPLETE_PARAMETERS)
        or not {
            "model",
            "prompt",
        }
        <= set(given)
    ):
        raise wrong_argument_count(
            call.name,
            len(call.arguments) + len(call.named),
            f"({', '.join(AI_COMPLETE_PARAMETERS)}), the first two of them required",
        )
    return {name: given.get(name, constant(None, NULL)) for name in AI_COMPLETE_PARAMETERS}


@builder("PROMPT", least=1, most=UNLIMITED)
def prompt(call: Call) -> Bound:
    """An object of a template and what goes into its ``{0}``, ``{1}``, ..."""
    template = call.coerced(0, TEXT)
    values = [cast(call.execution, one, VARIANT) for one in call.arguments[1:]]

    def compute(text: Any, *items: Any) -> Any:
        if text is None:
            return None
        return {"template": text, "args": [as_json(item, VARIANT) for item in items]}

    return mapped(call.execution, compute, [template, *values], OBJECT, nulls=True)


def remote_error(name: str, error: EngineError) -> SqlError:
    """Word an engine's refusal as Snowflake words that of the service behind the function."""
    function = name.rpartition(".")[2]
    return SqlError(
        f"Request failed for external function {function}$V2 with remote service error: "
        f"{error.status} '{error}'",
        code="100351",
        sqlstate="P0000",
    )
