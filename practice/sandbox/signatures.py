"""What the sandbox learns from the installed libraries: signatures, values to check, error classes.

Signatures that were copied by hand would be wrong with the next Streamlit. These are read from the
real functions, so a wrong call fails in the real words (``HeadingMixin.title() got an unexpected
keyword argument 'nope'``). Modules that define nothing but errors or rows are carried over whole.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import typing
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any

from practice.elements import NOT_CALLED, TABLE
from practice.sandbox.character_classes import classes
from practice.sources import syntax_tree

#: The functions of ``st`` that a program may draw with.
ELEMENTS = (*(name for name in TABLE if name not in NOT_CALLED), "write", "write_stream")
# The two decorators, which are objects.
CACHES = ("cache_data", "cache_resource")

# File -> which of its names are carried over, all if none are named; and stand-ins for what they
# import.
CARRIED = {
    "streamlit/errors.py": (
        "",
        """\
class util:
    @staticmethod
    def repr_(self):
        given = {name: value for name, value in vars(self).items() if value or value == 0}
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in given.items())})"
""",
    ),
    "streamlit/command_suggestions.py": ("", "from types import ModuleType\n"),
    "streamlit/runtime/scriptrunner/magic.py": (
        "",
        "import ast\nclass config: get_option = lambda name: False\n",
    ),
    "streamlit/runtime/secrets.py": (
        "_MISSING_ENTRY_HINT _missing_attr_error_message _missing_key_error_message "
        "AttrDict Secrets _convert_to_dict",
        """\
from collections.abc import Mapping
Any = object
class runtime: exists = lambda: True
def deepcopy(value):
    import copy
    return copy.deepcopy(value)
""",
    ),
    "streamlit/runtime/state/session_state_proxy.py": (
        "SessionStateProxy _missing_attr_error_message",
        """\
from collections.abc import MutableMapping
Key = Any = object
def gather_metrics(name): return lambda method: method
def require_valid_user_key(key): pass
def get_session_state(): return state
""",
    ),
    "streamlit/runtime/caching/cache_errors.py": (
        "CACHE_DOCS_URL get_cached_func_name_md get_return_value_type UnhashableParamError "
        "UnserializableReturnValueError",
        """\
from practice.guest.carried.streamlit_errors import MarkdownFormattedException
from practice.guest.carried.streamlit_errors import StreamlitAPIException
R = None
class Generic: __class_getitem__ = lambda kind, item: object
class type_util: get_fqn_type = lambda value: f"{type(value).__module__}.{type(value).__qualname__}"
get_decorator_api_name = str
""",
    ),
    "snowflake/snowpark/row.py": ("", "from collections.abc import Iterable\n"),
    "snowflake/snowpark/exceptions.py": ("", "class ConnectorError(Exception): pass\n"),
    "snowflake/snowpark/_internal/error_message.py": (
        "SnowparkClientExceptionMessages",
        "from practice.guest.carried.snowflake_exceptions import *\n",
    ),
    "snowflake/cortex/_complete.py": (
        "ConversationMessage CompleteOptions _validate_response_format_object MidStreamException "
        "ResponseParseException _complete_non_streaming_impl _complete_impl complete Complete",
        """\
import time
from practice.guest import snowpark
CORTEX_FUNCTIONS_TELEMETRY_PROJECT = ""
class TypedDict(dict):
    def __new__(cls, *args, **kwargs): return dict(*args, **kwargs)
class telemetry: send_api_usage_telemetry = lambda project: lambda function: function
def deprecated(message): return lambda function: function
def warn_cortex_deprecated(*names): pass
def is_in_stored_procedure(): return False
""",
    ),
    "requests/exceptions.py": (
        "",
        "class BaseHTTPError(Exception): pass\nclass CompatJSONDecodeError(ValueError): pass\n",
    ),
}
# Where Streamlit keeps the names that its annotations use.
ALIASES = ("streamlit.elements.lib.layout_utils", "streamlit.elements.lib.utils")
# Streamlit makes flags of these, checks them in its own way, or they make no difference here.
UNCHECKED = {
    *("_cache", "anchors", "audio_sample_rate", "bind", "chart_type", "expanded", "horizontal"),
    *("index", "max_upload_size", "persist_state", "use_container_width", "value", "wrap"),
}


@cache
def guest_modules() -> dict[str, str]:
    """Return the texts of the modules that the guest imports beside its own, by their names.

    ``practice.guest.signatures`` holds ``Mixins`` with Streamlit's elements as methods, and
    ``CacheDataAPI`` and ``CacheResourceAPI`` with ``__call__``: each has the real signature and
    hands its name and arguments to ``self._call``. Beside them:

    - ``CHECKS``: element -> argument -> what Streamlit takes for it, see ``guest/recorder.py``.
    - ``SENT``: element -> the arguments that the page draws with.
    - ``STREAMLIT``, ``COMMANDS``, ``PLACES``: the names of ``st``, those of them that are called,
      and the methods of what ``st.container()`` returns.
    - ``SESSION``, ``DATAFRAME``, ``FUNCTIONS``, ``CORTEX``: the names in Snowpark and Cortex.
    """
    carried = {
        f"practice.guest.carried.{Path(file).parts[0]}_{Path(file).stem}": _carried(file, *chosen)
        for file, chosen in CARRIED.items()
    }
    carried["practice.guest.carried.regex_classes"] = classes()
    return {"practice.guest.signatures": _signatures(), "practice.guest.carried": "", **carried}


def _signatures() -> str:
    import streamlit
    from streamlit.delta_generator import DeltaGenerator

    reals = {name: inspect.unwrap(getattr(DeltaGenerator, name)) for name in ELEMENTS}
    source = _classes(reals)
    for name in CACHES:
        kind = type(getattr(streamlit, name))
        source.append(f"class {kind.__name__}:\n{_method(name, kind.__call__)}")
    config = inspect.unwrap(streamlit.set_page_config)
    source.append(f"def set_page_config{_plain(config)}: pass")
    in_class, in_module = r"^    def (\w+)|^    ([a-z]\w*) = ", r"^def (\w+)|^([a-z]\w*) = "
    names: dict[str, Iterable[str]] = {
        "STREAMLIT": dir(streamlit),
        "COMMANDS": (name for name in dir(streamlit) if callable(getattr(streamlit, name))),
        "PLACES": dir(DeltaGenerator),
        "SESSION": _names("snowflake/snowpark/session.py", in_class),
        "DATAFRAME": _names("snowflake/snowpark/dataframe.py", in_class),
        "FUNCTIONS": _names("snowflake/snowpark/functions.py", in_module),
        "CORTEX": _names("snowflake/cortex/__init__.py", r'^    "(\w+)",'),
    }
    for name, found in names.items():
        public = sorted(each for each in found if not each.startswith("_"))
        # Splitting a text takes a fifth of the time that a list of texts takes to load.
        source.append(f"{name} = frozenset({' '.join(public)!r}.split())")
    sent = {name: {*element.arguments.model_fields} for name, element in TABLE.items()}
    checks = {name: _checks(real) for name, real in reals.items()}
    version = f"VERSION = {streamlit.__version__!r}"
    return "\n".join([*source, f"CHECKS = {checks!r}", f"SENT = {sent!r}", version, ""])


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


def _default(parameter: inspect.Parameter) -> object:
    value = parameter.default
    if isinstance(value, type) and value is not inspect.Parameter.empty:
        return _Text(value.__name__)
    return value


class _Text(str):
    """A default whose ``repr`` is an expression for it."""

    def __repr__(self) -> str:
        return str(self)


def _checks(real: Callable[..., Any]) -> dict[str, str | tuple[str, ...]]:
    """Return what Streamlit takes for each argument, as far as its annotation says so."""
    checks: dict[str, str | tuple[str, ...]] = {}
    for name, parameter in inspect.signature(real).parameters.items():
        hint = str(parameter.annotation)
        kinds = [_resolved(part.strip(), real) for part in re.split(r"\|(?![^\[]*\])", hint)]
        words = [word for kind in kinds for word in _words(kind) if isinstance(word, str)]
        if name in UNCHECKED or hint == "Any":
            continue
        if name == "icon":
            checks[name] = "icon"
        elif name in ("width", "height"):
            checks[name] = "content" if "content" in words else "pixels"
        elif hint in ("bool", "int | None", "bool | None"):
            checks[name] = hint
        elif words and not {"str", "bool"} & {*hint.split(" | ")} and "Callback" not in hint:
            checks[name] = tuple(words)
    return checks


def _resolved(name: str, real: Callable[..., Any]) -> object:
    if name.startswith("Literal["):
        return typing.Literal[ast.literal_eval(f"({name[8:-1]},)")]
    for module in (real.__module__, *ALIASES):
        found = getattr(importlib.import_module(module), name, None)
        if found is not None:
            return found
    return name


def _words(kind: object) -> list[object]:
    """Return the words that a type allows."""
    if typing.get_origin(kind) in (typing.Union, UnionType):
        return [word for each in typing.get_args(kind) for word in _words(each)]
    return list(typing.get_args(kind)) if typing.get_origin(kind) is typing.Literal else []


def _carried(file: str, names: str, needed: str) -> str:
    """Return a module's text without its imports, its docstrings and what is for type checkers."""
    tree = syntax_tree(_text(file))
    dropped = (ast.Import, ast.ImportFrom, ast.If, ast.Expr)
    # Loggers log nothing of use inside the sandbox.
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, dropped)
        and "getLogger" not in ast.unparse(node)
        and (not names or _name(node) in names.split())
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]
    name = file.removesuffix(".py").replace("/", ".")
    head = f"from __future__ import annotations\n__name__ = {name!r}\n{needed}"
    return head + ast.unparse(tree)


def _name(node: ast.stmt) -> str:
    """Return what a statement of a module defines."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
    return getattr(node, "name", "")


def _text(file: str) -> str:
    """Return the text of a library's file, without importing it: Snowflake's takes seconds."""
    package, _, rest = file.partition("/")
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found is not None else None
    paths = [path for path in (Path(place, rest) for place in places or ()) if path.is_file()]
    return paths[0].read_text("utf-8")


def _names(file: str, pattern: str) -> set[str]:
    found = re.finditer(pattern, _text(file), re.MULTILINE)
    return {name for match in found for name in match.groups() if name}
