import streamlit as st
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException

try:
    session = get_active_session()
except SnowparkSessionException:
    session = Session.builder.configs(
        st.secrets["connections"]["snowflake"],
    ).create()

prompt = st.text_input("Enter your prompt:", "What's a qubit, in one sentence?")

if st.button("Ask"):
    if not prompt.strip():
        st.warning("Please enter a prompt first.")
    else:
        sql = "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, ?)"
        with st.spinner("Waiting for the answer..."):
            rows = session.sql(sql, params=["llama3.1-8b", prompt]).collect()
        st.markdown(rows[0][0])
