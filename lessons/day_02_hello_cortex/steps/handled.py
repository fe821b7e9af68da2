answer, number = None, "-"
try:
    answer = ask(prompt)
except SnowparkSQLException as error:
    number = error.sql_error_code
if answer is None:
    st.error(f"No answer this time. Snowflake's error number: {number}")
else:
    st.markdown(answer)
