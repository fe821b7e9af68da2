# region: remember
def remember(stream, pieces):
    for piece in stream:
        pieces.append(piece)
        yield piece


# endregion


# region: answer
if prompt:
    st.chat_message("user").write(prompt)
    pieces = []
    turns.append((prompt, pieces))
    stream = Complete("llama3.1-8b", prompt, session=session, stream=True)
    try:
        with st.chat_message("assistant"):
            st.write_stream(remember(stream, pieces))
    finally:
        stream.close()
# endregion
