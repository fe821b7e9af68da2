"""The statements about the files of stages: LIST, REMOVE, PUT, GET, COPY INTO."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_cortex.sql.sql_error import compile_error, not_run
from local_cortex.stages import copying
from local_cortex.stages.file_formats import invalid_option, name_of, options_of, unquoted
from local_cortex.stages.stage_files import (
    MAX_STAGE_FILES,
    File,
    Stage,
    bad_path,
    bind,
    file_format,
    location,
    named,
    target,
)
from local_cortex.wire.result import DDL, SELECT, SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution

_ALTER: Final = re.compile(
    r"\s*STAGE\s+(?:IF\s+EXISTS\s+)?(\S+)\s+(?:(REFRESH)|SET\s+DIRECTORY)\b.*",
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
    if kind == "ALTER" and not re.match(r"\s*(STAGE|FILE\s+FORMAT)\b", _rest(tree), re.IGNORECASE):
        return None
    runner = _RUNNERS.get((type(tree), kind))
    if runner is None:
        return None
    if execution.describe_only:
        return SqlResult.described()
    bind(execution, tree)
    return runner(execution, tree)


def _rest(tree: exp.Expression) -> str:
    """Return what comes after the first word of a statement that sqlglot does not know."""
    rest = tree.args.get("expression")
    return rest if isinstance(rest, str) else str(rest.name if rest else "")


def _put(execution: Execution, tree: exp.Put) -> PutGet:
    place, source = location(execution, tree.args["target"]), _file_url(tree.this)
    # The client reads the files, so this is only what can be known before.
    paths = map(Path, islice(iglob(source), MAX_STAGE_FILES))
    execution.database.stages.check_room(
        sum(path.stat().st_size for path in paths if path.is_file())
    )
    known = {"AUTO_COMPRESS": True, "OVERWRITE": False, "SOURCE_COMPRESSION": "AUTO_DETECT"}
    data = {"command": "UPLOAD", "src_locations": [source]}
    return _transfer(place.stage.at(place.path), data, _options(tree, known))


def _get(execution: Execution, tree: exp.Get) -> PutGet:
    place, to = location(execution, tree.args["target"], full=True), _file_url(tree.this)
    options = _options(tree, {"PATTERN": None})
    files = place.files(execution, options["PATTERN"])
    found = [str(file.path.relative_to(place.stage.folder)) for file in files]
    data = {"command": "DOWNLOAD", "src_locations": found, "localLocation": to}
    return _transfer(place.stage.folder, data, options)


def _file_url(node: Any) -> str:
    path = unquoted(name_of(node))
    if not path.lower().startswith("file://"):
        raise compile_error(f"invalid local path '{path}': it starts with file://")
    return path[len("file://") :]


def _options(tree: exp.Expression, known: dict[str, Any]) -> dict[str, Any]:
    properties = tree.args.get("properties")
    known = {**known, "PARALLEL": 4}
    given = options_of(properties.expressions if properties else ())
    for name in given.keys() - known.keys():
        raise invalid_option(name)
    options = {**known, **given}
    if options["PARALLEL"] not in range(1, 100):  # as in Snowflake
        raise invalid_option("PARALLEL")
    return options


def _transfer(folder: Path, data: dict[str, Any], options: dict[str, Any]) -> PutGet:
    """Return what tells the client how to copy files."""
    stage: dict[str, Any] = {
        "locationType": "LOCAL_FS",
        "location": str(folder),
        "path": "",
        "creds": {},
        **dict.fromkeys(("region", "storageAccount")),
        "isClientSideEncrypted": False,
    }
    return PutGet(
        {
            **data,
            "autoCompress": bool(options.get("AUTO_COMPRESS")),
            "overwrite": bool(options.get("OVERWRITE")),
            "sourceCompression": str(options.get("SOURCE_COMPRESSION") or "NONE").lower(),
            "parallel": options["PARALLEL"],
            "stageInfo": stage,
            **dict.fromkeys(("encryptionMaterial", "presignedUrls")),
        }
    )


def _found(execution: Execution, tree: exp.ListStage) -> tuple[Stage, list[File]]:
    place, pattern = location(execution, tree.this, full=True), tree.args.get("pattern")
    return place.stage, place.files(execution, pattern and name_of(pattern))


def _list(execution: Execution, tree: exp.ListStage) -> SqlResult:
    stage, files = _found(execution, tree)
    rows = [
        (stage.shown(file), file.size, file.md5(), format_datetime(file.at, usegmt=True))
        for file in files
    ]
    return SqlResult.named("name size:n md5 last_modified", rows, SELECT)


def _remove(execution: Execution, tree: exp.Command) -> SqlResult:
    # sqlglot knows only LIST, which is written alike.
    sql = f"LIST {_rest(tree)}"
    try:
        listed = sqlglot.parse_one(sql, dialect="snowflake")
    except SqlglotError:
        raise bad_path(sql) from None
    stage, files = _found(execution, listed)
    for file in files:
        file.path.unlink(missing_ok=True)
    rows = [(stage.shown(file), "removed") for file in files]
    return SqlResult.named("name result", rows, SELECT)


def _alter(execution: Execution, tree: exp.Command) -> SqlResult:
    found = _ALTER.fullmatch(_rest(tree))
    if found is None:
        raise not_run("ALTER of a stage or file format", "Create it again instead.")
    stage = execution.find(Stage, "Stage", execution.resolve(named(found[1])))
    # DIRECTORY(@stage) always shows the stage's files.
    if found[2]:
        return SqlResult.named("file status", [], SELECT)
    return SqlResult.done(DDL, f"Stage {stage.name.short} successfully altered.")


def _describe(execution: Execution, tree: exp.Describe) -> SqlResult:
    stage = execution.find(Stage, "Stage", target(execution, tree))
    kind = file_format(execution, None, stage).type
    rows = [
        ("STAGE_FILE_FORMAT", "TYPE", "String", kind, "CSV"),
        ("DIRECTORY", "ENABLE", "Boolean", "true", "false"),
    ]
    return SqlResult.named(
        "parent_property property property_type property_value property_default", rows, SELECT
    )


_RUNNERS: Final[dict[tuple[type, str], Callable[[Execution, Any], SqlResult | PutGet]]] = {
    (exp.Put, ""): _put,
    (exp.Get, ""): _get,
    (exp.ListStage, ""): _list,
    (exp.Command, "REMOVE"): _remove,
    (exp.Command, "RM"): _remove,
    (exp.Copy, ""): copying.run,
    (exp.Command, "ALTER"): _alter,
    (exp.Describe, "STAGE"): _describe,
}
