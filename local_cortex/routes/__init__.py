"""Local Cortex over HTTP: Snowflake's session, query and REST protocols."""
