import streamlit as st

if "history" not in st.session_state:
    st.session_state["history"] = [
        {"role": "user", "content": "What is a token?"},
        {"role": "assistant", "content": "A piece of text, such as a short word."},
        {"role": "user", "content": "Who counts them?"},
        {"role": "assistant", "content": "The model's tokenizer."},
    ]
history = st.session_state["history"]

for message in history:
    st.markdown(message["content"])
