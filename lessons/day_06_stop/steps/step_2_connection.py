@st.cache_resource
def connect():
    return st.connection("snowflake").session()


session = connect()
