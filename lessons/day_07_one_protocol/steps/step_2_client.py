@st.cache_resource
def connect():
    account = st.secrets["connections"]["snowflake"]
    host = account.get("host") or f"{account['account']}.snowflakecomputing.com"
    return OpenAI(
        base_url=f"https://{host}/api/v2/cortex/v1",
        api_key=account["password"],  # a programmatic access token
    )


client = connect()
