import streamlit as st

pieces = st.session_state["pieces"] = []
text = st.session_state["text"] = ""

for piece in ["A qubit ", "can be ", "0 and 1."]:
    pieces.append(piece)
    text += piece

print("pieces:", st.session_state["pieces"])
print("text:", repr(st.session_state["text"]))
