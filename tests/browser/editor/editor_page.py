"""A page for a test: the code editor, and what it has sent."""

from __future__ import annotations

import json

import streamlit as st

from practice.editor import Labels, Mark, code_editor

LABELS = {
    "ko": Labels(
        code="내 코드",
        run="실행",
        running="실행 중",
        stop="멈추기",
        reset="처음으로",
        reset_question="쓴 코드를 지우고 처음 코드로 되돌릴까요?",
        reset_yes="되돌리기",
        reset_no="그대로 두기",
        hint="{modifier}+Enter로 실행합니다. Esc를 누른 뒤 Tab을 누르면 편집기에서 나갑니다.",
        leaving="이제 Tab을 누르면 편집기에서 나갑니다.",
        line="{line}번째 줄:",
        limit="코드는 {limit}자까지 쓸 수 있습니다.",
    ),
    "en": Labels(
        code="Your code",
        run="Run",
        running="Running",
        stop="Stop",
        reset="Start over",
        reset_question="Delete your code and go back to the first version?",
        reset_yes="Start over",
        reset_no="Keep my code",
        hint="{modifier}+Enter runs the code. Esc, then Tab leaves the editor.",
        leaving="Tab leaves the editor now.",
        line="Line {line}:",
        limit="The code can have at most {limit} characters.",
    ),
}
STARTERS = {
    "short": "a = 1\nb = 2\n",
    "empty": "",
    "lesson": '''import streamlit as st
from snowflake.cortex import Complete

@st.cache_data
def greet(name: str, times: int = 3) -> str:
    """Say hello,
    more than once."""
    # 이름을 세 번 부릅니다
    return f"안녕, {name}! " * times

class Stream(list):
    pass

for piece in Complete("llama3.1-8b", "양자 컴퓨팅?", stream=True):
    if piece is not None and len(piece) > 0x0F:
        st.write(piece, end="")
''',
    "long": "\n".join(f'v{n} = print("a {n}", len([1]))  # {n}' for n in range(500)),
    "nasty": "<img src=x onerror='window.stolen=1'>\n</textarea><script>window.stolen=1</script>\n",
}
SOLUTION = "print('the solution')\n"
NASTY = "<img src=x onerror='window.stolen=1'>"

state = st.session_state
starter = STARTERS[st.query_params.get("start", "short")]
state.setdefault("code", starter)
state.setdefault("revision", "")
for counter in ("scripts", "runs", "resets"):
    state.setdefault(counter, 0)
state.scripts += 1

with st.sidebar:
    language = st.radio("Language", list(LABELS), index=int(st.query_params.get("lang") == "en"))
    shown = st.checkbox("Shown", value=True)
    marked = st.checkbox("Marked")
    nasty = st.checkbox("Nasty mark")
    running = st.checkbox("Running")
    if st.button("Solution"):
        state.code, state.revision = SOLUTION, f"{state.scripts}-solution"
    if st.button("Other code"):
        state.code = "other = 1\n"

st.title("편집기")
marks = [Mark(2, "NameError: name 'b' is not defined")] if marked else []
if nasty:
    marks.append(Mark(1, NASTY))
if shown:
    edited = code_editor(
        state.code,
        key="exercise",
        former=["exercise-before"],
        labels=LABELS[language],
        marks=marks,
        revision=state.revision,
        running=running,
    )
    if edited.ran:
        state.runs += 1
        state.code = state.sent = edited.code
    if edited.reset:
        state.resets += 1
        state.code, state.revision = starter, f"{state.scripts}-reset"
        st.rerun()
report = {name: state.get(name) for name in ("scripts", "runs", "resets", "sent")}
st.text(json.dumps(report, ensure_ascii=False))
