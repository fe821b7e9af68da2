import streamlit as st
from requests.exceptions import ChunkedEncodingError
from snowflake.cortex import Complete
from snowflake.cortex._complete import MidStreamException

st.title("Day 4: When It Breaks 🧯")
