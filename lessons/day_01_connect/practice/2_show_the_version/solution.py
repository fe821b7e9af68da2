import streamlit as st

session = st.connection("snowflake").session()

rows = session.sql("SELECT CURRENT_VERSION()").collect()
st.success(f"Connected. Snowflake version: {rows[0][0]}")
