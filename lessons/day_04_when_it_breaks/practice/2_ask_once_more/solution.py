import streamlit as st
from requests.exceptions import RequestException
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


def ask(pieces):
    for attempt in range(2):
        try:
            for piece in Complete(model, prompt, session=session, stream=True):
                pieces.append(piece)
                yield piece
            return
        except RequestException:
            if pieces or attempt == 1:
                raise


if st.button("Generate") and prompt:
    st.markdown("### Response:")
    pieces = []
    try:
        st.write_stream(ask(pieces))
    except RequestException:
        st.warning("The answer didn't arrive in full.")
