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
    sql = f"SELECT AI_COMPLETE('llama3.1-8b', '{prompt}')"
    rows = session.sql(sql).collect()
    # Show the text of the answer here.
