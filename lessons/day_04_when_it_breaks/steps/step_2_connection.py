try:
    session = get_active_session()  # in the warehouse runtime
except SnowparkSessionException:
    session = Session.builder.configs(
        st.secrets["connections"]["snowflake"],
    ).create()
