import streamlit as st

session = st.connection("snowflake").session()


def with_f_string(prompt):
    return f"SELECT AI_COMPLETE('llama3.1-8b', '{prompt}')"


print(with_f_string("hi'), CURRENT_USER(), ('"))
print(with_f_string("What's a qubit?"))
session.sql(with_f_string("What's a qubit?")).collect()
