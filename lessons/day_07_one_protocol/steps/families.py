import streamlit as st
from openai import OpenAI

account = st.secrets["connections"]["snowflake"]
host = f"{account['account']}.snowflakecomputing.com"
url = f"https://{host}/api/v2/cortex/v1"
client = OpenAI(base_url=url, api_key=account["password"])

for model in ["openai-gpt-5-mini", "claude-haiku-4-5", "llama3.1-8b"]:
    answer = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Explain a qubit."}],
        max_completion_tokens=3,
    )
    print(model, answer.choices[0].finish_reason)
