"""The tools that Local Cortex runs for an agent: Cortex Search, and SQL by a rule."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cortex.agents import analyst
from local_cortex.database.catalog import Table
from local_cortex.faults import Refusal
from local_cortex.search import search
from local_cortex.sql import SqlError, SqlResult, SqlServer, SqlSession

if TYPE_CHECKING:
    from local_cortex.agents.asked import Tool

VEGA = "https://vega.github.io/schema/vega-lite/v5.json"
MOST_RESULTS = 100
SHOWN_ROWS = 3  # of a result, in the scripted text
MOST_QUOTED = 300  # characters of each


class ToolError(Exception):
    """A tool can't do what it was asked for; the text is for a person."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool gave: rows to quote, as JSON for the result, and what else it shows."""

    content: dict[str, Any]
    lines: tuple[str, ...] = ()
    citations: tuple[dict[str, Any], ...] = ()
    table: dict[str, Any] | None = None
    chart: dict[str, Any] | None = None
    steps: tuple[dict[str, Any], ...] = ()
    """Deltas of Cortex Analyst."""


# (key, values) -> a text of the script's.
Say = Callable[..., str]


class Toolbox:
    """The tools of one caller; they see what SQL in the caller's session would see."""

    def __init__(self, session: SqlSession, server: SqlServer) -> None:
        self._session, self._server = session, server

    async def use(self, tool: Tool, given: Mapping[str, Any], say: Say) -> Found:
        """Run a tool; ``ToolError``, it can't be run, or its query fails."""
        query = str(given.get("query", ""))
        if tool.type == "cortex_search":
            return await self._find(tool, query, say)
        if tool.type in ("cortex_analyst_text_to_sql", "cortex_analyst_text2sql"):
            return await self._analyse(tool, query, say)
        raise ToolError(say("not_run", kind=tool.type))

    async def _find(self, tool: Tool, query: str, say: Say) -> Found:
        given = tool.resource
        service = given.get("search_service") or given.get("name")
        if not isinstance(service, str) or not service:
            raise ToolError(say("no_service", tool=tool.name))
        # Snowflake's examples write the number as a text.
        most = str(given.get("max_results"))
        fits = re.fullmatch("[0-9]{1,3}", most) and 0 < int(most) <= MOST_RESULTS
        limit = int(most) if fits else SHOWN_ROWS
        id_column, title_column = given.get("id_column"), given.get("title_column")
        named = [one for one in (id_column, title_column) if isinstance(one, str)]
        try:
            asked = {"query": query, "columns": named, "filter": given.get("filter")}
            rows = await search(
                self._server, service, asked | {"limit": limit}, self._session, text_first=True
            )
        except (Refusal, SqlError) as error:
            raise ToolError(str(error)) from error
        citations, lines = [], []
        for number, row in enumerate(rows, start=1):
            # The text that was searched comes first.
            text = str(next(iter(row.values())))[:MOST_QUOTED]
            title = row.get(str(title_column)) or f"{service} {number}"
            citations.append(
                {
                    "search_result_id": f"cs_{uuid.uuid4()}",
                    "doc_id": str(row.get(str(id_column), number)),
                    "doc_title": str(title),
                    "text": text,
                }
            )
            lines.append(say("search_row", number=number, title=title, text=text))
        results = [
            {**citation, "columns": row} for citation, row in zip(citations, rows, strict=True)
        ]
        if lines:
            lines.insert(0, say("search_found", count=len(rows)))
        return Found({"search_results": results}, tuple(lines), tuple(citations))

    async def _analyse(self, tool: Tool, query: str, say: Say) -> Found:
        given = tool.resource
        named = str(given.get("semantic_view") or given.get("semantic_model_file") or "")
        tables = self._server.database.catalog.seen(Table, self._session.session_id)
        table = analyst.choose_table(named, tool.description, tables)
        if table is None:
            text = say("sql_no_table")
            return Found({"text": text}, (text,))
        analysis = analyst.analyse(query, table)
        if analysis is None:
            columns = ", ".join(one.name for one in table.columns[:20])
            text = say("sql_none", table=table.name, columns=columns)
            return Found({"text": text}, (text,))
        query_id = str(uuid.uuid4())
        try:
            result: Any = await self._server.execute(analysis.sql, self._session, query_id=query_id)
        except SqlError as error:
            raise ToolError(str(error)) from error
        rows, shown = result.rowset(), _result_set(result, query_id)
        title = analysis.what + (f", {analysis.label}" if analysis.label else "")
        lines = []
        if analysis.label is None:
            value = rows[0][0] if rows else None
            lines.append(say("sql_value", what=analysis.what, value=value, table=table.name))
        else:
            about = {"what": analysis.what, "label": analysis.label, "table": table.name}
            lines.append(say("sql_rows", **about))
            for number, (label, value) in enumerate(rows, start=1):
                lines.append(say("sql_row", number=number, label=label, value=value))
        step = {"sql": analysis.sql, "query_id": query_id, "result_set": shown}
        return Found(
            step,
            tuple(lines),
            table={"query_id": query_id, "title": title, "result_set": shown},
            chart=_chart(result, title),
            steps=(step,),
        )


def _result_set(result: SqlResult, query_id: str) -> dict[str, Any]:
    sizes = ("length", "precision", "scale")
    # No nulls among them: the models of Snowflake's quickstart refuse these.
    columns = [
        {name: one[name] for name in ("name", "type", "nullable")}
        | {name: one[name] or 0 for name in sizes}
        for one in result.rowtype()
    ]
    about = {"partition": 0, "numRows": result.row_count, "format": "jsonv2", "rowType": columns}
    return {"statementHandle": query_id, "resultSetMetaData": about, "data": result.rowset()}


def _chart(result: SqlResult, title: str) -> dict[str, Any] | None:
    """Draw bars, where there are a label and a number, and more than one row."""
    if len(result.columns) != 2 or result.row_count < 2:
        return None
    label, number = result.columns
    if label.type.name in analyst.NUMBERS or number.type.name not in analyst.NUMBERS:
        return None
    values = [
        {label.name: name, number.name: float(value)}
        for name, value in result.rowset()
        if value is not None
    ]
    spec = {
        "$schema": VEGA,
        "title": title,
        "mark": "bar",
        "data": {"values": values},
        "encoding": {
            "x": {"field": label.name, "type": "nominal", "sort": None},
            "y": {"field": number.name, "type": "quantitative"},
        },
    }
    return {"chart_spec": json.dumps(spec, ensure_ascii=False)}
