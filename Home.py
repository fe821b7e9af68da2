"""The course's entry point: `streamlit run Home.py`."""

import streamlit as st

from course import home, language, navigation
from course.catalog import ROOT

st.set_page_config(
    page_title=language.text("course.title"),
    # A file of ours: an icon by name would be fetched from a font server.
    page_icon=ROOT / "course" / "assets" / "icon.svg",
)
navigation.run(home.draw)
