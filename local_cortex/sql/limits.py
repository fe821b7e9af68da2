"""How much one statement may ask for.

The server lives in the learner's own process, next to the app that streams; a slip such as
``range(10_000_000)`` must be an error message, not a frozen page. A statement is computed on a
thread of its own, but one call of C code (JSON, a search in a text) keeps every other thread
waiting: the sizes of single values bound how long.
"""

from __future__ import annotations

MAX_SQL_CHARS = 300_000  # Snowflake's own limit, 1 MB, would take the parser seconds
MAX_NODES = 100_000  # syntax nodes of one statement: about 20,000 literal values in an INSERT
MAX_NESTING = 40  # brackets within brackets: the parser spends some 20 frames of stack on each
MAX_DEPTH = 150  # operators within operators: `1 + 1 + 1 + ...` nests once for every `+`
MAX_ALIASED = 5_000  # expressions that aliases stand for: `a + a AS b, b + b AS c, ...` doubles
MAX_ROWS = 100_000  # rows of any intermediate or final result
MAX_CELLS = 1_000_000  # rows times columns of any of them
MAX_VALUE_CHARS = 16_777_216  # one VARCHAR: Snowflake's default maximum length
MAX_BUILT_VALUE = 1_000_000  # characters of one value that a statement builds; JSON counts as text
MAX_BUILT_CHARS = 64_000_000  # all text that one statement builds (REPEAT, CONCAT, ...)
MAX_SORTED_CHARS = 16_000_000  # text of one ORDER BY
MAX_TRIMMED = 1_000  # different characters that one TRIM removes
MAX_AI_CALLS = 1_000  # answers of one statement; at a realistic pace more would take minutes
AI_CONCURRENCY = 8  # rows that are answered at the same time
MAX_TEMP_TABLES = 50  # temporary tables of one session
MAX_RESULT_CHARS = 16_000_000  # text of one result: it is sent to the client in one piece
KEPT_RESULTS = 8  # results of a session that RESULT_SCAN can still read
MAX_KEPT_CHARS = 32_000_000  # of the tables of a session
MAX_KEPT_BYTES = 64_000_000  # of the results that a session keeps
MAX_VARIABLES = 200  # variables and parameters of one session
MAX_VARIABLE_CHARS = 10_000  # of the value of each
