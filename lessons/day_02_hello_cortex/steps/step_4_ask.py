def text_of(value):
    try:
        text = json.loads(value)
    except (TypeError, ValueError):  # NULL, or text that is not JSON
        return value
    return text if isinstance(text, str) else value


if st.button("Ask"):
    if not prompt.strip():
        st.warning("Please enter a prompt first.")
    else:
        with st.spinner(f"Waiting for {model}..."):
            rows = session.sql(
                "SELECT AI_COMPLETE(?, ?)",
                params=[model, prompt],
            ).collect()
        st.markdown(text_of(rows[0][0]))
