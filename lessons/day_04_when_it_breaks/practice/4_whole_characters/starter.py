import regex
import streamlit as st

text = st.text_input("Text:", "대한민국🇰🇷👨‍👩‍👧‍👦 가족")


def slices(text):
    for start in range(0, len(text), 5):
        yield text[start : start + 5]


if st.button("Show"):
    for part in slices(text):
        st.text(part)
