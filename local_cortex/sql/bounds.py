"""How much one statement, one session and one server may take."""

from __future__ import annotations

MAX_SQL_CHARS = 300_000  # Snowflake's own limit, 1 MB, would take the parser seconds
MAX_NODES = 100_000  # syntax nodes, or words, of one statement: 20,000 values in an INSERT
MAX_ALIASED = 20_000  # nodes that aliases stand for: `a + a AS b, b + b AS c, ...` doubles
MAX_NESTING = 40  # brackets within brackets: the parser spends some 20 frames of stack on each
MAX_DEPTH = 250  # operators within operators: sqlglot and DuckDB walk them by recursion
MAX_VIEWS = 10  # views of views of views
MEMORY = "512MB"  # of the whole database; a statement that needs more fails alone
SPILL = "1GB"  # of what DuckDB may put on the disk meanwhile
MAX_RESULT_BYTES = 64_000_000  # of one result: it is sent to the client in one piece
MAX_AI_CALLS = 1_000  # answers of one statement; at a realistic pace more would take minutes
AI_CONCURRENCY = 8  # rows that are answered at the same time
KEPT_RESULTS = 8  # results of a session that RESULT_SCAN can still read
MAX_KEPT_BYTES = 64_000_000  # of the results that a session keeps
MAX_VARIABLES = 200  # variables and parameters of one session
MAX_VARIABLE_CHARS = 10_000  # of the value of each
MAX_OBJECTS = 2_000  # databases, schemas and what is in them, of one server
MAX_SEARCH_SERVICES = 20  # Cortex Search services of one server
MAX_SEARCH_ROWS = 5_000  # of one service: its vectors take 20 MB
MAX_SEARCH_CHARS = 1_000_000  # of its search column: they take 3 s to index
MAX_FILTER_DEPTH = 20  # conditions within conditions, of a search
MAX_FILTER_PARTS = 500  # conditions of a search: each looks at every row
