import streamlit as st
from snowflake.cortex import Complete

st.title("Day 6: Stop ✋")
