import json

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


def text_of(value):
    try:
        text = json.loads(value)
    except (TypeError, ValueError):  # NULL, or text that is not JSON
        return value
    return text if isinstance(text, str) else value


prompt = st.text_input("Enter your prompt:", "What's a qubit, in one sentence?")

if st.button("Ask"):
    if not prompt.strip():
        st.warning("Please enter a prompt first.")
    else:
        sql = "SELECT AI_COMPLETE(?, ?)"
        with st.spinner("Waiting for the answer..."):
            rows = session.sql(sql, params=["llama3.1-8b", prompt]).collect()
        st.markdown(text_of(rows[0][0]))
