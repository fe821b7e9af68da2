import streamlit as st
from snowflake.cortex import Complete
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException

try:
    session = get_active_session()
except SnowparkSessionException:
    session = Session.builder.configs(
        st.secrets["connections"]["snowflake"],
    ).create()

prompt = st.text_input("Enter your prompt:", "Explain a qubit in one sentence.")

if st.button("Generate") and prompt:
    stream = Complete("llama3.1-8b", prompt, session=session, stream=True)
    try:
        st.write_stream(stream)
    finally:
        stream.close()
