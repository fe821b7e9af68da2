"""What the names in a statement stand for: binds, variables, the session, tables, views.

Afterwards every table is DuckDB's, every name is encoded, every projection has the name that
Snowflake gives it, and what only DuckDB understands waits behind a column of no table until the
allow-list of :mod:`local_cortex.dialect.expressions` has passed the rest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp

from local_cortex.database.catalog import INFORMATION_SCHEMA, USAGE, Name, Table
from local_cortex.sql import session_functions
from local_cortex.sql.bounds import MAX_ALIASED, MAX_VIEWS
from local_cortex.sql.ctes import cte_name, is_cte
from local_cortex.sql.names import MARK, encode, encoded, identifier, quoted, spelled, written
from local_cortex.sql.parse import parse, result_name
from local_cortex.sql.sql_error import (
    SqlError,
    compile_error,
    invalid_identifier,
    not_run,
    object_missing,
    too_large,
)
from local_cortex.stages import reading as stages
from local_cortex.wire.result import SqlResult

if TYPE_CHECKING:
    from local_cortex.database.execution import Execution
    from local_cortex.database.sql_session import SqlSession
    from local_cortex.wire.types import SqlType

# DuckDB has these where there is no such column: constants, and a row's number.
DUCKDB_ONLY = re.compile(
    "USER|SESSION_USER|ROWID|CURRENT_(CATALOG|DATABASE|SCHEMA|ROLE|USER|QUERY)", re.IGNORECASE
)
# What has columns that no list here knows.
OPAQUE = (exp.Lateral, exp.TableFromRows, exp.Values, exp.Pivot)
# How Snowflake begins an error of which it knows no place.
UNPLACED = " error line 0 at position -1\n"
# What holds an identifier that is no name.
UNENCODED = (exp.PropertyEQ, exp.Anonymous)


class Resolver:
    """Resolves the names of one statement's tree, in place.

    ``session`` is whose names they are, if not the statement's.
    ``behind`` maps columns that were put in to what they stand for in DuckDB;
    ``tables`` are the tables that were read; ``bulk`` is the name of the table of bound rows.
    """

    def __init__(self, execution: Execution, session: SqlSession | None = None) -> None:
        self._execution = execution
        self._session = session or execution.session
        self._top: exp.Expression | None = None
        self.behind: dict[str, exp.Expression] = {}
        self.tables: list[Table] = []
        self.bulk: str | None = None

    def resolve(self, tree: Any, sql: str | None = None, views: int = 0) -> Any:
        """Resolve a tree; 002003, a table is missing; 002049, a bind is; 002211, a variable is."""
        text = self._execution.sql if sql is None else sql
        for select in list(tree.find_all(exp.Select)):
            self._name_columns(select, text)
            self._count_aliases(select)
        self._top = top = exp.Paren(this=tree)
        for node in list(top.walk()):
            self._execution.check()
            replacement = self._replace(node, views)
            if replacement is not None:
                node.replace(replacement)
        self._check_columns(top)
        for cte in list(top.find_all(exp.CTE)):
            cte.args["alias"].set("this", cte_name(cte.args["alias"].this))
        for node in list(top.find_all(exp.Identifier)):
            # The keys of an object are texts.
            if not node.meta.get("encoded") and not isinstance(node.parent, UNENCODED):
                node.set("this", encode(identifier(node)))
                node.set("quoted", True)
                node.meta["encoded"] = True
        return top.this.pop()

    def _check_columns(self, tree: Any) -> None:
        """Refuse bare names that only DuckDB finds: its constants, and a table's row as a whole."""
        if self.behind or tree.find(*OPAQUE):
            return
        aliases = list(tree.find_all(exp.TableAlias))
        known = {*self.types, *(identifier(one) for alias in aliases for one in alias.columns)}
        known |= {identifier(one.args["alias"]) for one in tree.find_all(exp.Alias)}
        sources = {identifier(alias.this) for alias in aliases if alias.this}
        for one in tree.find_all(exp.Column):
            name = identifier(one.this)
            if name in known or one.args.get("table"):
                continue
            if DUCKDB_ONLY.fullmatch(name) or name in sources:
                raise invalid_identifier(name)

    @property
    def types(self) -> dict[str, SqlType]:
        """The types of the columns of the tables that were read, by name; made at each access."""
        return {column.name: column.type for table in self.tables for column in table.columns}

    def reveal(self, tree: Any) -> Any:
        """Put what was hidden in its place."""
        for node in list(tree.find_all(exp.Placeholder)):
            node.replace(exp.Literal.number(self._execution.id))
        for node in list(tree.find_all(exp.Column)):
            if node.name in self.behind:
                node.replace(self.behind[node.name].copy())
        return tree

    def name(self, node: Any) -> Name:
        """Return where an object is, from a name of up to three parts; see :meth:`full`."""
        return self.full(self.parts(node))

    def parts(self, node: Any) -> list[str]:
        """Return the parts of a dotted name; one of them may be ``IDENTIFIER(...)``."""
        found: list[str] = []
        for part in node.parts:
            call = isinstance(part, exp.Anonymous) and part.name.upper() == "IDENTIFIER"
            if isinstance(part, exp.DynamicIdentifier) or call:
                named = self._dynamic(part.expressions[0] if call else part.this)
                found += [identifier(one) for one in named.parts]
            else:
                found.append(identifier(part))
        return found

    def full(self, parts: list[str]) -> Name:
        """Return the full name of one to three parts; 090105 or 090106, it cannot be completed."""
        database, schema, name = (None, None, None, *parts)[-3:]
        database = self._session.database if len(parts) < 3 else database
        schema = self._session.schema if len(parts) < 2 else schema
        if len(parts) > 3 or not database or not schema or not name:
            kind, code = ("schema", "090106") if database else ("database", "090105")
            raise SqlError(
                f"Cannot perform operation. This session does not have a current {kind}. Call "
                f"'USE {kind.upper()}', or use a qualified name.",
                code=code,
                sqlstate="22000",
            )
        return Name(database, schema, name)

    def find(self, node: Any, kinds: tuple[str, ...] = ("TABLE", "VIEW")) -> Table:
        """Return the object that a name means; 002003, there is none."""
        name = self.name(node)
        table = self._execution.database.catalog.find(Table, name, self._session.session_id)
        if table is None or table.kind not in kinds:
            kind = "Object" if "TABLE" in kinds else kinds[0].title()
            raise object_missing(kind, str(name) if "." in spelled(node) else written(name.name))
        return table

    def _dynamic(self, node: Any) -> Any:
        value = self._bind(node) if isinstance(node, exp.Placeholder) else node
        if isinstance(node, exp.Parameter):
            value = self._variable(node)
        if not isinstance(value, exp.Literal) or not value.is_string:
            raise not_run("IDENTIFIER of an expression", "Give it a text or a variable.")
        return exp.to_table(value.name, dialect="snowflake")

    def _name_columns(self, select: Any, sql: str) -> None:
        for one in list(select.expressions):
            plain = isinstance(one, exp.Column)
            if not one.is_star and not plain and not isinstance(one, exp.Alias | exp.Aliases):
                alias = exp.to_identifier(result_name(one, sql), quoted=True)
                one.replace(exp.Alias(this=one.copy(), alias=alias))

    def _count_aliases(self, select: Any) -> None:
        # DuckDB writes an alias out wherever a later projection uses it.
        sizes: dict[str, int] = {}
        for one in select.expressions:
            size = 0
            for node in one.walk():
                name = identifier(node.this) if isinstance(node, exp.Column) else ""
                size += sizes.get(name, 1)
                if size > MAX_ALIASED:
                    raise too_large("What aliases stand for", MAX_ALIASED, "Use a subquery.")
            sizes[identifier(one.args["alias"]) if isinstance(one, exp.Alias) else ""] = size

    def _replace(self, node: Any, views: int) -> Any:
        if isinstance(node, exp.Placeholder):
            return self._bind(node)
        if isinstance(node, exp.Parameter) and not node.this.is_number:
            # What was replaced before may have held a stage's name, which looks the same.
            return self._variable(node) if node.root() is self._top else None
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
            return self._search_preview(node)
        if isinstance(node, exp.DynamicIdentifier) and not isinstance(node.parent, exp.Table):
            return exp.column(*reversed(self._dynamic(node.this).parts))
        if isinstance(node, exp.Func):
            if isinstance(node, exp.Anonymous) and node.name.upper() in stages.URL_FUNCTIONS:
                return stages.file_url(self._execution, node)
            return session_functions.answer(self._execution, node)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.TableFromRows):
            return self._unwrapped(node)
        if isinstance(node, exp.TableFromRows | exp.Table):
            return self._staged(node) or self._result_scan(node) or self._table(node, views)
        return None

    def _bind(self, node: Any) -> Any:
        position = str(node.this)
        bind = self._execution.binds.get(position)
        if bind is None and self._execution.describe_only:
            return exp.null()
        if bind is None:
            message = f"{UNPLACED}Bind variable ?{position} not set."
            raise compile_error(message, "002049", "42601")
        if not bind.array:
            return bind.literal()
        if self.bulk is None:
            message = "Array bind is only supported in INSERT ... VALUES."
            raise SqlError(message, code="002099", sqlstate="0A000")
        return exp.column(quoted(f"B{position}"), table=quoted(self.bulk))

    def _variable(self, node: Any) -> Any:
        name = identifier(node.this).upper()
        if name not in self._session.variables:
            message = f"{UNPLACED}Session variable '${name}' does not exist"
            raise compile_error(message, "002211", "02000")
        return self._session.variables[name].copy()

    def _column(self, node: Any) -> Any:
        # DuckDB finds a column by its table's name alone.
        node.set("db", None)
        node.set("catalog", None)
        return None

    def hide(self, expression: exp.Expression) -> exp.Column:
        """Return a column that stands for an expression of DuckDB's until :meth:`reveal`."""
        key = f"{MARK}{self._execution.id}.{len(self.behind)}"
        self.behind[key] = expression
        return exp.Column(this=encoded(key))

    def _search_preview(self, node: Any) -> Any:
        """Search before DuckDB computes anything: the arguments are constants."""
        if f"{node.this.sql()}.{node.expression.name}".upper() != "SNOWFLAKE.CORTEX.SEARCH_PREVIEW":
            return None
        given = [self._replace(one, 0) or one for one in node.expression.expressions]
        texts = [one.this if isinstance(one, exp.Cast) else one for one in given]
        if len(texts) != 2 or not all(
            isinstance(one, exp.RawString) or (isinstance(one, exp.Literal) and one.is_string)
            for one in texts
        ):
            return None
        if self._execution.describe_only:
            return exp.cast(exp.null(), "varchar")
        from local_cortex.search.service import preview

        found = preview(self._execution, self.full, *(one.name for one in texts))
        return exp.cast(exp.Literal.string(found), "varchar")

    def _result_scan(self, node: Any) -> Any:
        call = node.this
        if not isinstance(call, exp.Anonymous) or str(call.this).upper() != "RESULT_SCAN":
            return None
        argument = call.expressions[0] if call.expressions else exp.null()
        value = self._replace(argument, 0) or argument
        query_id = str(value.this.name if isinstance(value, exp.Cast) else value.name)
        with self._session.lock:
            result = self._session.results.get(query_id)
        if result is None:
            raise compile_error(f"Statement {query_id} not found", "000709", "02000")
        return self._aliased(self._rows(result), node, "RESULT_SCAN")

    def _rows(self, result: SqlResult) -> exp.Expression:
        """Return a query of the rows of a result."""
        name = f"ROWS_{self._execution.id}_{len(self.behind)}"
        columns = [f"C{at}" for at in range(len(result.columns))]
        self._execution.cursor.register(name, result.table.rename_columns(columns))
        selected = []
        for own, column in zip(columns, result.columns, strict=True):
            # VARIANT, OBJECT and ARRAY are JSON text in a result.
            text = f"{own}::JSON::VARIANT" if column.type.is_json else own
            alias = quoted(column.name).sql("duckdb")
            selected.append(f"CAST({text} AS {column.type.duckdb}) AS {alias}")
        sql = f"SELECT {', '.join(selected)} FROM {name}"  # noqa: S608 - our own names
        query = sqlglot.parse_one(sql, dialect="duckdb")
        return exp.Subquery(this=self.hide(query))

    def _aliased(self, source: Any, node: Any, name: str) -> Any:
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
        source.set("alias", alias.copy())
        return source

    def _unwrapped(self, node: Any) -> Any:
        """Return a table without the brackets around it, which DuckDB does not take."""
        inner = node.this
        if inner.args.get("joins"):
            return None
        if node.args.get("alias"):
            inner.set("alias", node.args["alias"])
        return inner

    def _staged(self, node: Any) -> Any:
        if isinstance(node.this, exp.Identifier):
            return None
        source = stages.table(self._execution, node)
        if source is None:
            return None
        if isinstance(source, SqlResult):
            return self._aliased(self._rows(source), node, "STAGE")
        query = exp.select("*").from_(source)
        return self._aliased(exp.Subquery(this=self.hide(query)), node, "STAGE")

    def _table(self, node: Any, views: int) -> Any:
        if not isinstance(node.this, exp.Identifier | exp.DynamicIdentifier):
            return None
        if node.args.get("when"):
            raise not_run("AT and BEFORE (Time Travel)")
        if not node.args.get("db") and is_cte(node):
            # Under a name of our own: where DuckDB sees no such CTE, it has a table of none either.
            own = exp.to_identifier(identifier(node.this), quoted=True)
            node.set("alias", node.args.get("alias") or exp.TableAlias(this=own))
            node.set("this", cte_name(node.this))
            return None
        name = self.name(node)
        if name.schema in {INFORMATION_SCHEMA, USAGE}:
            from local_cortex.database.listings import information_schema

            return self._aliased(
                self._rows(information_schema(self._execution, name)), node, name.name
            )
        table = self.find(node)
        if table.kind == "VIEW":
            return self._aliased(self._view(table, views), node, table.name.name)
        self.tables.append(table)
        self._execution.tables.append(table)
        found = exp.to_table(table.duckdb, dialect="duckdb")
        for part in found.find_all(exp.Identifier):
            part.meta["encoded"] = True
        for key in ("sample", "pivots", "joins", "laterals"):
            found.set(key, node.args.get(key))
        return self._aliased(found, node, table.name.name)

    def _view(self, view: Table, views: int) -> Any:
        if views >= MAX_VIEWS:
            raise too_large("Views within views", MAX_VIEWS, "Make a table of one of them.")
        here = replace(self._session, database=view.name.database, schema=view.name.schema)
        inner = Resolver(self._execution, here)
        query = inner.resolve(parse(view.text, self._execution.check).tree, view.text, views + 1)
        for node in list(query.find_all(exp.Column)):
            if node.name in inner.behind:
                node.replace(self.hide(inner.behind[node.name]))
        self.tables += inner.tables
        columns = [encoded(encode(column.name)) for column in view.columns]
        alias = exp.TableAlias(this=exp.to_identifier("V", quoted=True), columns=columns)
        wrapped = exp.Subquery(this=query, alias=alias)
        return exp.Subquery(this=exp.select("*").from_(wrapped))
