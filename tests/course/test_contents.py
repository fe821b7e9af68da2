"""What a page tells the browser of the place where it begins."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from course import contents


def page() -> None:
    import streamlit as st

    from course import contents

    name, place = st.session_state["chosen"]
    if place:
        contents.go_to("day_03_write_streams", place)
    contents.follow(name)


def test_only_the_lesson_that_was_chosen_begins_at_its_place_and_each_choice_is_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: list[int] = []

    def follower(*, key: str, data: dict[str, Any]) -> None:
        import streamlit as st

        st.session_state[key] = None
        turns.append(data["turn"])

    monkeypatch.setattr(contents, "_follower", follower)
    app = AppTest.from_function(page)
    for name in ("day_02_hello_cortex", "day_03_write_streams"):
        for place in ("theory", ""):
            app.session_state["chosen"] = name, place
            assert not app.run().exception
    assert turns == [0, 0, 2, 2]
