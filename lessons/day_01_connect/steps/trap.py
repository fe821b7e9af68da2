try:
    from snowflake.snowpark.context import get_active_session

    session = get_active_session()
except ImportError:
    print("making a new session")
