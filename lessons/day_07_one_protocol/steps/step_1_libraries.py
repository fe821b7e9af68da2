import streamlit as st
from openai import APIError, APIStatusError, OpenAI, RateLimitError

st.title("Day 7: One Protocol 🔌")
