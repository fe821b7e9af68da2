"""One Local Cortex for the pages of each file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st

from connection import connect


@pytest.fixture(scope="module", autouse=True)
def _one_local_cortex() -> Iterator[None]:
    yield
    connect("local").reset()
    st.cache_resource.clear()
