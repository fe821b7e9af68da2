import streamlit as st

session = st.connection("snowflake").session()
prompt = st.text_input("Enter your prompt:", "What's a qubit, in one sentence?")

if st.button("Ask"):
    sql = "SELECT AI_COMPLETE(?, ?)"
    rows = session.sql(sql, params=["llama3.1-8b", prompt]).collect()
    st.text(rows[0][0])
