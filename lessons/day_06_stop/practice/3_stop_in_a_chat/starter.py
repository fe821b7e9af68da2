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

turns = st.session_state.setdefault("turns", [])
for question, pieces in turns:
    st.chat_message("user").write(question)
    st.chat_message("assistant").write("".join(pieces))

prompt = st.chat_input("Your message")


def remember(stream, pieces):
    for piece in stream:
        pieces.append(piece)
        yield piece


if prompt:
    st.chat_message("user").write(prompt)
    pieces = []
    stream = Complete("llama3.1-8b", prompt, session=session, stream=True)
    with st.chat_message("assistant"):
        st.write_stream(remember(stream, pieces))
    turns.append((prompt, pieces))
