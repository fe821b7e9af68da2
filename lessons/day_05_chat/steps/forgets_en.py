import streamlit as st
from snowflake.cortex import Complete

session = st.connection("snowflake").session()


def ask(messages):
    print("->", Complete("llama3.1-8b", messages, session=session))


name = {"role": "user", "content": "My name is Mina."}
answer = {"role": "assistant", "content": "Nice to meet you, Mina!"}
question = {"role": "user", "content": "What is my name?"}

ask([name])
ask([question])
ask([name, answer, question])
