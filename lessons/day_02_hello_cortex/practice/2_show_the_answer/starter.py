import json

import streamlit as st

session = st.connection("snowflake").session()


def text_of(value):
    return json.loads(value)


if st.button("Ask"):
    # At most 30 tokens, so that you don't wait long.
    sql = "SELECT AI_COMPLETE('llama3.1-8b', 'What is a qubit?', {'max_tokens': 30})"
    rows = session.sql(sql).collect()
    st.markdown(text_of(rows[0][0]))
    st.markdown(text_of("Plain text, and no JSON."))
