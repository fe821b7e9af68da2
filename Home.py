"""The course's entry point: `streamlit run Home.py`."""

from course import home, navigation

navigation.run(home.draw)
