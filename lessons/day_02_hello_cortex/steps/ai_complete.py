import streamlit as st
from snowflake.snowpark.functions import ai_complete

session = st.connection("snowflake").session()
answer = ai_complete(
    model="llama3.1-8b",
    prompt="What is a qubit?",
    model_parameters={"max_tokens": 30},
)
rows = session.range(1).select(answer).collect()
st.text(rows[0][0])
