"""Values between Snowflake's clients and DuckDB: types, binds, and results as JSON and Arrow."""
