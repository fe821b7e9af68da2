import time

import streamlit as st


def count_down():
    for number in [3, 2, 1]:
        yield f"{number}... "
        time.sleep(0.5)


if st.button("Start"):
    st.write_stream(count_down())
