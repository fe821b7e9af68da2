# region: keep
if "history" not in st.session_state:
    st.session_state["history"] = []
history = st.session_state["history"]
# endregion

# region: draw
for message in history:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])
# endregion
