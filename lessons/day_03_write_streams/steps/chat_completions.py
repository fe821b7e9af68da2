from openai import OpenAI

account = st.secrets["connections"]["snowflake"]
client = OpenAI(
    base_url=f"https://{account['account']}.snowflakecomputing.com/api/v2/cortex/v1",
    api_key=account["password"],  # a programmatic access token
)
stream = client.chat.completions.create(
    model="llama3.1-8b",
    messages=[{"role": "user", "content": prompt}],
    stream=True,
)
st.write_stream(stream)
