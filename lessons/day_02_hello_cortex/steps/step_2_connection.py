try:
    session = get_active_session()  # inside Snowflake
except SnowparkSessionException:
    session = Session.builder.configs(
        st.secrets["connections"]["snowflake"],
    ).create()
