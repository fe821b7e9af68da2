import streamlit as st
from snowflake.snowpark.functions import ai_complete

session = st.connection("snowflake").session()
prompt = st.text_input("Enter your prompt:", "What is a qubit, in one sentence?")

if st.button("Ask"):
    answer = ai_complete(model="llama3.1-8b", prompt=prompt)
    rows = session.range(1).select(answer).collect()
    st.text(rows[0][0])
