# region: statement
SQL = "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, ?)"


def ask(model, prompt):
    rows = session.sql(SQL, params=[model, prompt]).collect()
    return rows[0][0]


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
