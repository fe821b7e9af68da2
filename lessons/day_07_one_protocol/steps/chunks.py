import streamlit as st
from openai import OpenAI

account = st.secrets["connections"]["snowflake"]
host = f"{account['account']}.snowflakecomputing.com"
url = f"https://{host}/api/v2/cortex/v1"
client = OpenAI(base_url=url, api_key=account["password"])

stream = client.chat.completions.create(
    model="openai-gpt-5-mini",
    messages=[{"role": "user", "content": "Explain a qubit."}],
    stream=True,
    stream_options={"include_usage": True},
    max_completion_tokens=3,
)
for chunk in stream:
    if chunk.choices:
        choice = chunk.choices[0]
        print(repr(choice.delta.content), choice.finish_reason)
    else:
        print("no choices:", chunk.usage.completion_tokens, "tokens")
