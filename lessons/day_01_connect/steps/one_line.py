session = st.connection("snowflake").session()
