rows = session.sql("SELECT CURRENT_VERSION()").collect()
version = rows[0][0]
st.success(f"Connected. Snowflake version: {version}")
