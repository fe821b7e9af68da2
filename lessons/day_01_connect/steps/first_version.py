import streamlit as st

session = st.connection("snowflake").session()
rows = session.sql("SELECT CURRENT_VERSION()").collect()
print(rows)
