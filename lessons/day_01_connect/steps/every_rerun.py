import streamlit as st
from snowflake.snowpark import Session

session = Session.builder.configs(
    st.secrets["connections"]["snowflake"],
).create()
st.slider("How many?", 1, 10)
