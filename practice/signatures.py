"""What the sandbox is told of the installed libraries: names, arguments, and the words of errors.

A stand-in whose arguments were written down would be wrong with the next Streamlit; these are read
from the real ones, and so is what an error says (``HeadingMixin.title() got an unexpected keyword
argument``). Where Streamlit checks an argument in plain Python, the check is carried over as it is.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from practice.elements import NOT_CALLED, TABLE

__all__ = ["ELEMENTS", "missing", "streamlit_mixins"]

#: What a program in the sandbox may draw with.
ELEMENTS = (*(name for name in TABLE if name not in NOT_CALLED), *NOT_CALLED.values())
# The two decorators, which are objects.
CACHES = ("cache_data", "cache_resource")

# What is carried over as it is, by the module that it is in: classes, functions and constants.
CARRIED = {
    "streamlit.errors": (
        *("Error", "MarkdownFormattedException", "StreamlitAPIException", "DuplicateWidgetID"),
        *("StreamlitDuplicateElementId", "StreamlitDuplicateElementKey"),
        *("LocalizableStreamlitException", "StreamlitInvalidColumnSpecError"),
        *("StreamlitValueBelowMinError", "StreamlitValueAboveMaxError"),
        *("StreamlitInvalidMinMaxError", "StreamlitValueOutOfRangeError"),
        *("StreamlitMissingRequiredParameterError", "StreamlitIncompatibleParametersError"),
        *("_markdown_code_span", "_session_state_item", "StreamlitValueAssignmentNotAllowedError"),
        *("StreamlitWidgetAlreadyInstantiatedError", "StreamlitSecretNotFoundError"),
        *("StreamlitInvalidWidthError", "StreamlitInvalidHeightError", "StreamlitValueError"),
        "StreamlitInvalidParameterTypeError",
    ),
    "streamlit.elements.lib.layout_utils": (
        *("PROTO_UINT32_MAX", "_VALID_GAP_VALUES", "_VALID_HORIZONTAL_ALIGNMENTS"),
        *("_VALID_HORIZONTAL_ALIGNMENT_VALUES", "_VALID_VERTICAL_ALIGNMENTS"),
        *("_VALID_VERTICAL_ALIGNMENT_VALUES", "is_int", "validate_uint32_max", "validate_width"),
        *("validate_height", "validate_horizontal_alignment", "validate_vertical_alignment"),
        *("validate_text_alignment", "validate_wrap"),
    ),
    "streamlit.string_util": (
        *("_EMOJI_SHORTCODE_RE", "_ICON_FORMAT_HINT", "_looks_like_url", "_raise_invalid_image"),
        *("validate_icon_or_emoji", "validate_emoji", "validate_material_icon"),
    ),
    "streamlit.runtime.state.common": (
        *("GENERATED_ELEMENT_ID_PREFIX", "is_element_id", "require_valid_user_key"),
    ),
    "streamlit.command_suggestions": (
        *("_REMOVED_STREAMLIT_ATTRIBUTES", "_CLOSE_MATCH_CUTOFF", "_MAX_CLOSE_MATCHES"),
        *("_MAX_SUGGESTION_LENGTH_DELTA", "suggest_streamlit_commands", "_st_name"),
        *("_format_st_names", "missing_streamlit_attribute_message"),
    ),
}
# What these find in their own modules. Which emoji and icons there are is left to the page, which
# repeats the call: the lists are longer than all of this.
NEEDED = """\
from __future__ import annotations
import re
class util:
    @staticmethod
    def repr_(self):
        given = {name: value for name, value in vars(self).items() if value or value == 0}
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in given.items())})"
Integral = int
def is_emoji(text): return not text.isascii()
def is_material_icon(name): return True
def public_streamlit_names(module): return PUBLIC
"""


@cache
def streamlit_mixins() -> str:
    """Return a module's text: what is carried over, and the classes that stand-ins are made from.

    - ``Mixins`` has Streamlit's elements as methods, ``CacheDataAPI`` and ``CacheResourceAPI`` have
      ``__call__``; each has the real signature and hands its name and arguments to ``self._call``.
      ``set_page_config`` does nothing.
    - ``PUBLIC``: the names of ``st``; ``COMMANDS``: those that can be called; ``PLACES``: those of
      what ``st.container()`` returns.
    - ``SESSION``, ``DATAFRAME``, ``FUNCTIONS``, ``CORTEX``: names in Snowpark and Cortex.
    - ``CONTENT_WIDTH``: the elements that may be as wide as what is in them; ``FLAGS``: element ->
      its arguments that are true or false -> whether they may be ``None``; ``SENT``: element -> its
      arguments that make a difference here.
    """
    import streamlit
    from streamlit.delta_generator import DeltaGenerator

    names_of = _found("streamlit.command_suggestions", "public_streamlit_names") or dir
    reals = {name: inspect.unwrap(getattr(DeltaGenerator, name)) for name in ELEMENTS}
    source = [NEEDED]
    for module, names in CARRIED.items():
        source += [_carried(module, name) for name in names]
    source += _classes(reals)
    for name in CACHES:
        kind = type(getattr(streamlit, name))
        source.append(f"class {kind.__name__}:\n{_method(name, kind.__call__)}")
    real = inspect.unwrap(streamlit.set_page_config)
    source.append(f"def set_page_config{_plain(real)}: return None")
    in_class, in_module = r"^    def (\w+)|^    ([a-z]\w*) = ", r"^def (\w+)|^([a-z]\w*) = "
    constants: dict[str, Iterable[str]] = {
        "PUBLIC": names_of(streamlit),
        "COMMANDS": (name for name in dir(streamlit) if callable(getattr(streamlit, name))),
        "PLACES": dir(DeltaGenerator),
        "SESSION": _names("snowpark/session.py", in_class),
        "DATAFRAME": _names("snowpark/dataframe.py", in_class),
        "FUNCTIONS": _names("snowpark/functions.py", in_module),
        "CORTEX": _names("cortex/__init__.py", r'^    "(\w+)",'),
        "CONTENT_WIDTH": {name for name, real in reals.items() if _hint(real, "width") != NARROW},
    }
    for name, found in constants.items():
        # Taken in five times as fast as a list of them.
        source.append(f"{name} = frozenset({' '.join(sorted(_public(found)))!r}.split())")
    flags = {name: _flags(real) for name, real in reals.items()}
    sent = {name: {*element.arguments.model_fields} for name, element in TABLE.items()}
    return "\n".join([*source, f"FLAGS = {flags!r}", f"SENT = {sent!r}", ""])


def missing() -> list[str]:
    """Return what the installed Streamlit has not of all that is carried over."""
    return [
        f"{module}.{name}"
        for module, names in CARRIED.items()
        for name in names
        if _found(module, name) is None
    ]


def _public(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("_"))


NARROW = "WidthWithoutContent"
# They are made true or false before they are looked at, or are checked by themselves.
LENIENT = {"value", "wrap", "_cache"}
LENIENT_OF = {"container": {"horizontal"}}


def _hint(real: Callable[..., Any], parameter: str) -> str:
    found = inspect.signature(real).parameters.get(parameter)
    return str(found.annotation) if found is not None else ""


def _flags(real: Callable[..., Any]) -> dict[str, bool]:
    lenient = LENIENT | LENIENT_OF.get(real.__name__, set())
    hints = {
        each.name: str(each.annotation) for each in inspect.signature(real).parameters.values()
    }
    kinds = {"bool": False, "bool | None": True}
    return {
        name: kinds[hint] for name, hint in hints.items() if hint in kinds and name not in lenient
    }


def _classes(reals: dict[str, Callable[..., Any]]) -> list[str]:
    methods: defaultdict[str, list[str]] = defaultdict(list)
    for name, real in reals.items():
        methods[real.__qualname__.partition(".")[0]].append(_method(name, real))
    texts = [f"class {owner}:\n" + "\n".join(own) for owner, own in methods.items()]
    return [*texts, f"class Mixins({', '.join(methods)}): pass"]


def _method(name: str, real: Callable[..., Any]) -> str:
    text = f"    def {real.__name__}{_plain(real)}:\n"
    return text + f"        return self._call({name!r}, locals())"


def _plain(real: Callable[..., Any]) -> inspect.Signature:
    """Return the signature without type hints, its defaults as text."""
    signature = inspect.signature(real)
    return signature.replace(
        parameters=[
            parameter.replace(annotation=inspect.Parameter.empty, default=_default(parameter))
            for parameter in signature.parameters.values()
        ],
        return_annotation=inspect.Signature.empty,
    )


class _Text:
    """A default whose ``repr`` is an expression for it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _default(parameter: inspect.Parameter) -> object:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return value
    return _Text(value.__name__ if isinstance(value, type) else repr(value))


def _carried(module: str, name: str) -> str:
    """Return the text of a class or a function, without docstrings, or of a constant."""
    thing = _found(module, name)
    if thing is None:
        # Another Streamlit than that of the tests: less is checked.
        if name.isupper():
            return f"{name} = ()"
        kind = "class {}(Exception): pass" if name[0].isupper() else "def {}(*_, **__): return ''"
        return kind.format(name)
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        return f"{name} = {thing!r}"
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]
    return ast.unparse(tree)


def _found(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def _names(file: str, pattern: str) -> set[str]:
    """Return the names in a file of Snowflake's, without importing it, which takes seconds."""
    found = importlib.util.find_spec("snowflake")
    places = found.submodule_search_locations if found is not None else None
    paths = [path for path in (Path(place, file) for place in places or ()) if path.is_file()]
    return {
        name
        for path in paths
        for match in re.finditer(pattern, path.read_text("utf-8"), re.MULTILINE)
        for name in match.groups()
        if name
    }
