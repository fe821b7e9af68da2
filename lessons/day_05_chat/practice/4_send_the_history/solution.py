import streamlit as st
from snowflake.cortex import Complete

session = st.connection("snowflake").session()

if "history" not in st.session_state:
    st.session_state["history"] = []
history = st.session_state["history"]

for message in history:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if prompt := st.chat_input("Your message"):
    question = {"role": "user", "content": prompt}
    with st.chat_message("user"):
        st.markdown(prompt)
    messages = [*history, question]
    with st.chat_message("assistant"), st.empty():
        stream = Complete("llama3.1-8b", messages, session=session, stream=True)
        answer = st.write_stream(stream)
    history += [question, {"role": "assistant", "content": answer}]
