"""Method 1 of the handout: the tokens as they come, given to Streamlit."""

import streamlit as st

from benchmarks.stream_pages.tokens import asked_for, tokens

st.write_stream(tokens(*asked_for()))
