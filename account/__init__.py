"""A learner's account of Snowflake's: its settings in the secrets, and why it gives no session."""
