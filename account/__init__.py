"""A Snowflake account: its settings in Streamlit's secrets, and why connecting to it failed."""
