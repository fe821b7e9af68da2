import time

import streamlit as st


def count_down():
    for number in [3, 2, 1]:
        return f"{number}... "
        time.sleep(0.5)


if st.button("Start"):
    st.write_stream(count_down())
