import queue
import threading

import regex
import streamlit as st
from requests.exceptions import RequestException
from snowflake.cortex import Complete
from snowflake.cortex._complete import MidStreamException

BROKEN = (RequestException, MidStreamException, TimeoutError)

st.title("Day 4: When It Breaks 🧯")
