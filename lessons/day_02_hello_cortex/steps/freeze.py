import time

import streamlit as st

session = st.connection("snowflake").session()
sql = "SELECT AI_COMPLETE('llama3.1-8b', 'What is Snowflake Cortex?')"
start = time.perf_counter()
with st.spinner("Waiting for the answer..."):
    rows = session.sql(sql).collect()
st.write(f"First letter after {time.perf_counter() - start:.1f} seconds")
st.text(rows[0][0])
