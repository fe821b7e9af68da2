import streamlit as st

session = st.connection("snowflake").session()
sql = "SELECT AI_COMPLETE('llama3.1-8b', 'What is a qubit, in one sentence?')"
rows = session.sql(sql).collect()
st.text(rows[0][0])
