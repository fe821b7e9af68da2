# region: statement
SQL = "SELECT AI_COMPLETE(?, ?)"


def ask(model, prompt):
    rows = session.sql(SQL, params=[model, prompt]).collect()
    return text_of(rows[0][0])


# endregion


# region: text
def text_of(value):
    try:
        text = json.loads(value)
    except (TypeError, ValueError):  # NULL, or text that is not JSON
        return value
    return text if isinstance(text, str) else value


# endregion


# region: button
if st.button("Ask"):
    if not prompt.strip():
        st.warning("Please enter a prompt first.")
    else:
        with st.spinner(f"Waiting for {model}..."):
            answer = ask(model, prompt)
        st.markdown(answer)
# endregion
