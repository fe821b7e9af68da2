import streamlit as st

st.title("Day 6: Stop")

# TODO: what the learner should have written.
st.success("It works.")
