import streamlit as st

session = st.connection("snowflake").session()

# Ask for the version, and show it.
