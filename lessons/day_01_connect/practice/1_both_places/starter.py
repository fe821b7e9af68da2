import streamlit as st
from snowflake.snowpark import Session

try:
    from snowflake.snowpark.context import get_active_session

    session = get_active_session()
except ImportError:
    session = Session.builder.configs(
        st.secrets["connections"]["snowflake"],
    ).create()

rows = session.sql("SELECT CURRENT_VERSION()").collect()
st.text(rows)
