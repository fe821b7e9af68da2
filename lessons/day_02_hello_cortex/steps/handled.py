from snowflake.snowpark.exceptions import SnowparkSQLException

if st.button("Ask"):
    if not prompt.strip():
        st.warning("Please enter a prompt first.")
    else:
        answer, number = None, "-"
        try:
            with st.spinner(f"Waiting for {model}..."):
                answer = ask(model, prompt)
        except SnowparkSQLException as error:
            number = error.sql_error_code
        if answer is None:
            st.error(f"No answer this time. Snowflake's error number: {number}")
        else:
            st.markdown(answer)
