@st.cache_resource
def connect():
    try:
        return get_active_session()
    except SnowparkSessionException:
        return Session.builder.configs(
            st.secrets["connections"]["snowflake"],
        ).create()


session = connect()
