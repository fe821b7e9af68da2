import streamlit as st
from openai import OpenAI

account = st.secrets["connections"]["snowflake"]
host = account.get("host") or f"{account['account']}.snowflakecomputing.com"
client = OpenAI(
    base_url=f"https://{host}/api/v2/cortex/v1",
    api_key=account["password"],  # a programmatic access token
    max_retries=0,
)

model = st.selectbox("Select a model", ["llama3.1-8b", "claude-haiku-4-5", "openai-gpt-5-mini"])
prompt = st.text_input("Enter your prompt:", "Explain a qubit in one sentence.")

if st.button("Generate") and prompt:
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": prompt}],
        stream=True,
    )
    st.write_stream(stream)
