from snowflake.snowpark.context import get_active_session

try:
    get_active_session()
except Exception as error:  # catch everything, just to see what it is
    print(type(error).__name__, error.error_code)
    print("an ImportError?", isinstance(error, ImportError))
