# region: remember
def remember(stream, pieces):
    for piece in stream:
        pieces.append(piece)
        yield piece


# endregion


# region: generate
if st.button("Generate") and prompt:
    st.markdown("### Response:")
    stream = Complete(model, prompt, session=session, stream=True)
    pieces = []
    try:
        st.write_stream(remember(stream, pieces))
    except (ChunkedEncodingError, MidStreamException):
        st.warning("The answer was cut short. What arrived stays here.")
    st.session_state["answer"] = "".join(pieces)
# endregion
