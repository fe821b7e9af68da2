"""The least that Streamlit can show: what the home page's cost is compared with."""

import streamlit as st

st.title("Empty")
