import time

import streamlit as st

session = st.connection("snowflake").session()
sql = "SELECT AI_COMPLETE('llama3.1-8b', 'What is Snowflake Cortex?')"
start = time.perf_counter()
with st.spinner("Waiting for the answer..."):
    rows = session.sql(sql).collect()
seconds = time.perf_counter() - start
st.text(rows[0][0])
st.write(f"First letter after {seconds:.1f} seconds")
