from snowflake.snowpark.context import get_active_session

try:
    get_active_session()
except Exception as error:  # catch all, only to see which one comes
    print(type(error).__name__)
    print("an ImportError?", isinstance(error, ImportError))
