import time

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

model = st.selectbox("Select a model", ["llama3.1-8b", "claude-haiku-4-5"])
prompt = st.text_input("Enter your prompt:", "Explain a qubit in one sentence.")


def five_at_a_time(text):
    # Hand out five characters, sleep 0.05 seconds, and so on to the end.
    return text


if st.button("Generate") and prompt:
    st.markdown("### Response:")
    with st.spinner(f"Generating with {model}..."):
        answer = Complete(model, prompt, session=session)
    st.write_stream(____)
