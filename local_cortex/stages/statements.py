"""The statements about stages and file formats: CREATE, DROP, LIST, REMOVE, PUT, GET, COPY INTO."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp

from local_cortex.sql.errors import SqlError, exists_already, not_run, object_missing
from local_cortex.sql.names import written
from local_cortex.stages import copying
from local_cortex.stages.files import (
    Name,
    NamedFormat,
    Stage,
    Stages,
    bad_path,
    bind,
    file_format,
    location,
    target,
)
from local_cortex.stages.formats import FileFormat, invalid_option, name_of, options_of, unquoted
from local_cortex.stages.reading import table, template
from local_cortex.wire.result import SqlColumn, SqlResult
from local_cortex.wire.types import INTEGER, TEXT, SqlType

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

__all__ = ["PutGet", "Stages", "run", "table", "template"]

SELECT, DDL = 0x1000, 0x6000  # statement type ids, as the wire numbers them

MAX_PARALLEL = 99  # of PUT and GET, as in Snowflake

_REMOVE: Final = re.compile(
    r"""\s*(?P<at>'(?:[^'\\]|\\.|'')*'|@(?:"[^"]*"|[^\s"])+)"""
    r"""(?:\s+PATTERN\s*=\s*(?P<pattern>'(?:[^'\\]|\\.|'')*'))?\s*;?\s*""",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class PutGet:
    """The answer to PUT or GET: ``data`` of the query response, from which the client works."""

    data: dict[str, Any]


def run(execution: Execution, tree: exp.Expression) -> SqlResult | PutGet | None:
    """Run a statement about stages or files; ``None`` if it is another kind of statement."""
    kind = tree.name if isinstance(tree, exp.Command) else tree.args.get("kind")
    kind = kind.upper() if isinstance(kind, str) else ""
    if isinstance(tree, exp.Command) and kind == "ALTER":
        found = re.match(r"\s*(STAGE|FILE\s+FORMAT)\b", _rest(tree), re.IGNORECASE)
        if found:
            raise not_run(f"ALTER {found[1].upper()}", "Create it again instead.")
    runner = _RUNNERS.get((type(tree), kind))
    if runner is None:
        return None
    if execution.describe_only:
        return SqlResult.of_rows([SqlColumn("status", TEXT)], [], SELECT)
    bind(execution, tree)
    return runner(execution, tree)


def _rest(tree: exp.Expression) -> str:
    """Return what comes after the first word of a statement that sqlglot does not know."""
    rest = tree.args.get("expression")
    return rest if isinstance(rest, str) else str(rest.name if rest else "")


def _file_url(node: Any) -> str:
    path = unquoted(name_of(node))
    if not path.lower().startswith("file://"):
        raise SqlError(
            f"SQL compilation error:\ninvalid local path '{path}': it starts with file://",
            code="001003",
            sqlstate="42000",
        )
    return path[len("file://") :]


def _properties(tree: exp.Expression) -> list[Any]:
    found = tree.args.get("properties")
    return list(found.expressions) if found else []


def _transfer(command: str, folder: Path, sources: list[str], **more: Any) -> PutGet:
    stage: dict[str, Any] = {
        "locationType": "LOCAL_FS",
        "location": str(folder),
        "path": "",
        "creds": {},
    }
    stage |= {"region": None, "storageAccount": None, "isClientSideEncrypted": False}
    return PutGet(
        {
            "command": command,
            "src_locations": sources,
            "stageInfo": stage,
            "encryptionMaterial": None,
            "presignedUrls": None,
            **more,
        }
    )


def _put(execution: Execution, tree: exp.Put) -> PutGet:
    options: dict[str, Any] = {"PARALLEL": 4, "AUTO_COMPRESS": True, "OVERWRITE": False}
    options |= {"SOURCE_COMPRESSION": "AUTO_DETECT", **options_of(_properties(tree))}
    _check_options(options, "PARALLEL", "AUTO_COMPRESS", "OVERWRITE", "SOURCE_COMPRESSION")
    place = location(execution, tree.args["target"])
    execution.stages.check_room()
    return _transfer(
        "UPLOAD",
        place.stage.at(place.path),
        [_file_url(tree.this)],
        parallel=options["PARALLEL"],
        autoCompress=bool(options["AUTO_COMPRESS"]),
        overwrite=bool(options["OVERWRITE"]),
        sourceCompression=str(options["SOURCE_COMPRESSION"] or "NONE").lower(),
    )


def _check_options(options: Mapping[str, Any], *known: str) -> None:
    for name in options.keys() - set(known):
        raise invalid_option(name)
    if not 1 <= _whole(options.get("PARALLEL", 1)) <= MAX_PARALLEL:
        raise invalid_option("PARALLEL")


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _get(execution: Execution, tree: exp.Get) -> PutGet:
    options = options_of(_properties(tree))
    _check_options(options, "PARALLEL", "PATTERN")
    place = location(execution, tree.args["target"])
    files = place.files(execution, options.get("PATTERN"))
    folder = place.stage.folder
    return _transfer(
        "DOWNLOAD",
        folder,
        [str(file.path.relative_to(folder)) for file in files],
        localLocation=_file_url(tree.this),
        parallel=options.get("PARALLEL", 10),
    )


def _get_unquoted(execution: Execution, tree: exp.Command) -> PutGet:
    # sqlglot reads GET only with quotes around file://.
    rest = re.sub(r"\s(file://\S+)", r" '\1'", _rest(tree))
    parsed = sqlglot.parse_one(f"GET {rest}", dialect="snowflake")
    if not isinstance(parsed, exp.Get):
        raise bad_path(rest)
    return _get(execution, parsed)


def _list(execution: Execution, tree: exp.ListStage) -> SqlResult:
    place = location(execution, tree.this)
    pattern = tree.args.get("pattern")
    rows = []
    for file in place.files(execution, name_of(pattern) if pattern else None):
        with file.path.open("rb") as content:
            md5 = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False))
        at = dt.datetime.fromtimestamp(file.modified, dt.UTC)
        name = place.stage.shown(file)
        rows.append((name, file.size, md5.hexdigest(), format_datetime(at, usegmt=True)))
    return _rows({"name": TEXT, "size": INTEGER, "md5": TEXT, "last_modified": TEXT}, rows)


def _remove(execution: Execution, tree: exp.Command) -> SqlResult:
    found = _REMOVE.fullmatch(_rest(tree))
    if found is None:
        raise bad_path(_rest(tree))
    place = location(execution, found["at"])
    pattern = unquoted(found["pattern"]) if found["pattern"] else None
    files = place.files(execution, pattern)
    for file in files:
        file.path.unlink(missing_ok=True)
    return _rows(
        {"name": TEXT, "result": TEXT}, [(place.stage.shown(one), "removed") for one in files]
    )


def _place(execution: Execution, tree: exp.Create) -> Name:
    database, schema, name = target(execution, tree)
    if not execution.database.catalog.has(database, schema):
        raise object_missing("Schema", written(database, schema))
    return database, schema, name


def _owner(execution: Execution, properties: Sequence[Any]) -> int | None:
    temporary = any(isinstance(one, exp.TemporaryProperty) for one in properties)
    return int(execution.session.session_id) if temporary else None


def _create_stage(execution: Execution, tree: exp.Create) -> SqlResult:
    name, properties = _place(execution, tree), _properties(tree)
    owner = _owner(execution, properties)
    settings: dict[str, Any] = {}
    for one in properties:
        option = one.name.upper() if type(one) is exp.Property else type(one).__name__
        value = one.args.get("value")
        if option == "FileFormatProperty":
            settings["options"] = options_of(one.expressions)
            file_format(execution, settings["options"])
        elif option == "SchemaCommentProperty":
            settings["comment"] = str(one.this.name)
        elif option == "DIRECTORY":
            settings["directory"] = "true" in value.sql().lower()
        elif option in ("URL", "STORAGE_INTEGRATION", "CREDENTIALS", "ENDPOINT"):
            raise not_run(f"CREATE STAGE ... {option}", "Its stages are internal; use PUT.")
        elif option not in ("ENCRYPTION", "COPY_OPTIONS", "TemporaryProperty"):
            raise invalid_option(option)
    return _create(execution, tree, Stage, name, owner, settings)


def _create_format(execution: Execution, tree: exp.Create) -> SqlResult:
    name, properties = _place(execution, tree), _properties(tree)
    options = options_of(properties)
    FileFormat.of(options)
    owner = _owner(execution, properties)
    return _create(execution, tree, NamedFormat, name, owner, {"options": options})


def _create(
    execution: Execution,
    tree: exp.Create,
    kind: type,
    name: Name,
    owner: int | None,
    settings: dict[str, Any],
) -> SqlResult:
    stages, shown = execution.stages, written(name[2])
    known = stages.find(kind, name, execution.session.session_id)
    if known is not None and known.owner == owner and not tree.args.get("replace"):
        if not tree.args.get("exists"):
            raise exists_already(written(*name))
        return _done(f"{shown} already exists, statement succeeded.")
    stages.create(kind, name, owner, **settings)
    made = "Stage area" if kind is Stage else "File format"
    return _done(f"{made} {shown} successfully created.")


def _drop(execution: Execution, tree: exp.Drop) -> SqlResult:
    kind = Stage if tree.args["kind"] == "STAGE" else NamedFormat
    nodes = tree.args.get("tables") or [tree.this]
    name = target(execution, exp.Drop(this=nodes[0]))
    found = execution.stages.find(kind, name, execution.session.session_id)
    if found is not None:
        execution.stages.drop(kind, name, found.owner)
        return _done(f"{written(name[2])} successfully dropped.")
    if not tree.args.get("exists"):
        raise object_missing("Stage" if kind is Stage else "File format", written(*name))
    return _done(f"Drop statement executed successfully ({written(name[2])} already dropped).")


def _describe_stage(execution: Execution, tree: exp.Describe) -> SqlResult:
    name = target(execution, tree)
    stage = execution.stages.find(Stage, name, execution.session.session_id)
    if stage is None:
        raise object_missing("Stage", written(*name))
    given = file_format(execution, None, stage)
    rows = [("STAGE_FILE_FORMAT", "TYPE", "String", given.type, "CSV")]
    rows += [
        ("STAGE_FILE_FORMAT", key, "String", "" if value is None else str(value), "")
        for key, value in given.options.items()
    ]
    rows += [
        ("STAGE_LOCATION", "URL", "String", "", ""),
        ("DIRECTORY", "ENABLE", "Boolean", str(stage.directory).lower(), "false"),
    ]
    names = ("parent_property", "property", "property_type", "property_value", "property_default")
    return _rows(dict.fromkeys(names, TEXT), rows)


def _rows(columns: Mapping[str, SqlType], rows: Sequence[tuple[Any, ...]]) -> SqlResult:
    described = [SqlColumn(name, kind) for name, kind in columns.items()]
    return SqlResult.of_rows(described, rows, SELECT)


def _done(message: str) -> SqlResult:
    return SqlResult.of_rows([SqlColumn("status", TEXT)], [(message,)], DDL)


_RUNNERS: Final[dict[tuple[type, str], Callable[[Execution, Any], SqlResult | PutGet]]] = {
    (exp.Put, ""): _put,
    (exp.Get, ""): _get,
    (exp.Command, "GET"): _get_unquoted,
    (exp.ListStage, ""): _list,
    (exp.Command, "REMOVE"): _remove,
    (exp.Command, "RM"): _remove,
    (exp.Copy, ""): copying.run,
    (exp.Create, "STAGE"): _create_stage,
    (exp.Create, "FILE FORMAT"): _create_format,
    (exp.Drop, "STAGE"): _drop,
    (exp.Drop, "FILE FORMAT"): _drop,
    (exp.Describe, "STAGE"): _describe_stage,
}
