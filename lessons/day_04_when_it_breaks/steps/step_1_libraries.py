import queue
import threading

import regex
import streamlit as st
from requests.exceptions import RequestException
from snowflake.cortex import Complete
from snowflake.cortex._complete import MidStreamException
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException

BROKEN = (RequestException, MidStreamException, TimeoutError)

st.title("Day 4: When It Breaks 🧯")
