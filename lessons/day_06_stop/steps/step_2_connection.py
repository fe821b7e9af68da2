from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException

try:
    session = get_active_session()  # in the warehouse runtime
except SnowparkSessionException:
    session = Session.builder.configs(
        st.secrets["connections"]["snowflake"],
    ).create()
