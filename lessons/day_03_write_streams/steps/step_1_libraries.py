import time

import streamlit as st
from snowflake.cortex import Complete

st.title("Day 3: Streaming Responses 🌊")
