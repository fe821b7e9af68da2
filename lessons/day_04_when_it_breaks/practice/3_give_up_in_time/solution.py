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


def within(stream, seconds):
    began = time.monotonic()
    for piece in stream:
        yield piece
        if time.monotonic() - began > seconds:
            raise TimeoutError


if st.button("Generate") and prompt:
    st.markdown("### Response:")
    stream = Complete(model, prompt, session=session, stream=True)
    try:
        st.write_stream(within(stream, 2))
    except TimeoutError:
        st.warning("No more after 2 seconds.")
