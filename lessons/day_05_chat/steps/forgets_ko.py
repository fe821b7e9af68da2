import streamlit as st
from snowflake.cortex import Complete

session = st.connection("snowflake").session()


def ask(messages):
    print("->", Complete("llama3.1-8b", messages, session=session))


name = {"role": "user", "content": "제 이름은 미나입니다."}
answer = {"role": "assistant", "content": "반갑습니다, 미나 님!"}
question = {"role": "user", "content": "제 이름이 뭐라고 했죠?"}

ask([name])
ask([question])
ask([name, answer, question])
