import streamlit as st

session = st.connection("snowflake").session()
prompt = st.text_input("Enter your prompt:", "What's a qubit, in one sentence?")

if st.button("Ask"):
    sql = f"SELECT AI_COMPLETE('llama3.1-8b', '{prompt}')"
    rows = session.sql(sql).collect()
    st.text(rows[0][0])
