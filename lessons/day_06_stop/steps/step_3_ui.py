# region: draw
turns = st.session_state.setdefault("turns", [])
for question, pieces in turns:
    st.chat_message("user").write(question)
    st.chat_message("assistant").write("".join(pieces))
# endregion

# region: input
prompt = st.chat_input("Your message", submit_mode="stop")
# endregion
