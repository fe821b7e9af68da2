# region: preview
def preview(text, most=20):
    characters = regex.findall(r"\X", text)
    return "".join(characters[:most])


# endregion


# region: generate
if st.button("Generate") and prompt:
    st.markdown("### Response:")
    pieces = []
    ended = "no error"
    try:
        st.write_stream(ask(pieces))
    except BROKEN as error:
        ended = type(error).__name__
        st.warning("The answer didn't arrive in full.")
    text = "".join(pieces)
    st.session_state["answer"] = text
    st.caption(f"Kept: {preview(text)} … ({len(text)} code points, {ended})")
# endregion
