"""What Snowflake's expressions and functions are in DuckDB's SQL, and which of them get through."""
